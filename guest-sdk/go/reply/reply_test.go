package reply_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/tenterhook/tenterhook/guest-sdk/go"
	"github.com/tenterhook/tenterhook/guest-sdk/go/reply"
)

func ExampleStart() {
	onExport := func(*tenterhook.Event) error {
		answer, err := reply.Start(200, tenterhook.Header{Name: "Content-Type", Value: "text/csv"})
		if err != nil {
			return err
		}
		return csv.NewWriter(answer).WriteAll([][]string{{"id", "name"}, {"1", "Ada"}})
	}
	err := onExport(tenterhook.Fake{}.Event())
	sent := reply.Take()
	fmt.Printf("%v %d %s", err, sent.Status, sent.Body)
	// Output:
	// <nil> 200 id,name
	// 1,Ada
}

func ExampleWriter_Write() {
	answer, _ := reply.Start(200)
	fmt.Fprintf(answer, "%d%%\n", 50)
	io.WriteString(answer, "done\n")
	fmt.Printf("%s", reply.Take().Body)
	// Output:
	// 50%
	// done
}

func ExampleTake() {
	fmt.Println(reply.Take() == nil)
	reply.Start(204)
	fmt.Println(reply.Take().Status)
	// Output:
	// true
	// 204
}

func TestASecondHeadIsRefused(t *testing.T) {
	answer, err := reply.Start(200)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reply.Start(200); !errors.Is(err, reply.ErrInvalid) || err.Error() != "the head was sent before" {
		t.Error(err)
	}
	reply.Take()
	if count, err := answer.Write([]byte("late")); count != 0 || !errors.Is(err, reply.ErrInvalid) {
		t.Error(count, err)
	}
	for _, status := range []int{-1, 99, 600, 70000} {
		if _, err := reply.Start(status); !errors.Is(err, reply.ErrInvalid) {
			t.Error(status, err)
		}
	}
}
