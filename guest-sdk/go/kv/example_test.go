package kv_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/tenterhook/tenterhook/guest-sdk/go"
	"github.com/tenterhook/tenterhook/guest-sdk/go/kv"
)

func ExampleGet() {
	kv.Set("greeting", "hello")
	entry, is, err := kv.Get("greeting")
	fmt.Println(entry.Text(), is, err)
	_, is, err = kv.Get("farewell")
	fmt.Println(is, err)
	// Output:
	// hello true <nil>
	// false <nil>
}

func ExampleSet() {
	_, err := kv.Set("token", "t0ken", kv.TTL(time.Hour))
	fmt.Println(err)
	_, err = kv.Set("picture", []byte{0x89, 'P', 'N', 'G'})
	fmt.Println(err)
	// Output:
	// <nil>
	// <nil>
}

func ExampleTTL() {
	kv.Set("seen", "", kv.TTL(0))
	_, is, _ := kv.Get("seen")
	fmt.Println(is)
	// Output: false
}

func ExampleDelete() {
	kv.Set("draft", "…")
	first, _ := kv.Delete("draft")
	second, _ := kv.Delete("draft")
	fmt.Println(first, second)
	// Output: true false
}

func ExampleAdd() {
	kv.Delete("orders")
	kv.Add("orders", 1)
	orders, err := kv.Add("orders", 1)
	fmt.Println(orders, err)
	kv.Set("name", "Ada")
	_, err = kv.Add("name", 1)
	fmt.Println(errors.Is(err, kv.ErrNotANumber), err)
	// Output:
	// 2 <nil>
	// true the value of `name` is not a decimal integer of 64 bits
}

// Of two sessions that take the same job, one has it.
func ExampleCompareAndSwap() {
	kv.Delete("job")
	_, isMine, _ := kv.CompareAndSwap("job", 0, "ses_1")
	fmt.Println(isMine)
	there, isMine, _ := kv.CompareAndSwap("job", 0, "ses_2")
	fmt.Println(isMine, there.Text())
	_, isMine, _ = kv.CompareAndSwap("job", there.Version, "done")
	fmt.Println(isMine)
	// Output:
	// true
	// false ses_1
	// true
}

func ExampleUpdate() {
	kv.Delete("names")
	for _, name := range []string{"Ada", "Eve"} {
		_, err := kv.Update("names", func(there kv.Entry) ([]byte, error) { return append(there.Value, name...), nil })
		if err != nil {
			fmt.Println(err)
		}
	}
	names, _, _ := kv.Get("names")
	fmt.Println(names.Text())
	// Output: AdaEve
}

func ExampleList() {
	for _, name := range []string{"b", "a"} {
		kv.Set("user/"+name, name)
	}
	for entry, err := range kv.List("user/") {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(entry.Key, entry.Text())
	}
	// Output:
	// user/a a
	// user/b b
}

func ExampleListPage() {
	for _, name := range []string{"1", "2", "3"} {
		kv.Set("page/"+name, "")
	}
	page, _ := kv.ListPage("page/", "", 2)
	fmt.Println(len(page.Entries), page.More, page.Next)
	page, _ = kv.ListPage("page/", page.Next, 2)
	fmt.Println(len(page.Entries), page.More)
	// Output:
	// 2 true page/2
	// 1 false
}

func ExampleEntry_JSON() {
	kv.Set("order", `{"id": 7}`)
	entry, _, _ := kv.Get("order")
	var order struct{ ID int }
	err := entry.JSON(&order)
	fmt.Println(order.ID, err)
	// Output: 7 <nil>
}

// A handler that counts, as a test of it sees it: kv.Fake(t) empties the store for the test.
func ExampleFake() {
	onOrder := func(*tenterhook.Event) (*tenterhook.Response, error) {
		number, err := kv.Add("counted", 1)
		return tenterhook.Text(fmt.Sprint("order number ", number)), err
	}
	for range 2 {
		answer, err := onOrder(tenterhook.Fake{Method: "POST"}.Event())
		fmt.Println(string(answer.Body), err)
	}
	// Output:
	// order number 1 <nil>
	// order number 2 <nil>
}
