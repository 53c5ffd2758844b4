package kv

import (
	"errors"
	"fmt"
	"math"
	"testing"
)

func TestAListGoesThroughAllPagesInTheOrderOfBytes(t *testing.T) {
	Fake(t)
	for number := range 250 {
		Set(fmt.Sprintf("k%03d", number), "")
	}
	Set("kä", "")
	Set("other", "")
	var keys []string
	for entry, err := range List("k") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, entry.Key)
	}
	if len(keys) != 251 || keys[0] != "k000" || keys[249] != "k249" || keys[250] != "kä" {
		t.Error(len(keys), keys)
	}
	for entry := range List("k") {
		if entry.Key == "k001" {
			break
		}
	}
	if _, err := ListPage("k", "", 0); !errors.Is(err, ErrLimit) {
		t.Error(err)
	}
}

func TestASumThatDoesNotFitChangesNothing(t *testing.T) {
	Fake(t)
	for _, step := range []struct{ start, delta int64 }{{math.MaxInt64, 1}, {math.MinInt64, -1}, {-1, math.MinInt64}} {
		Set("n", fmt.Sprint(step.start))
		if _, err := Add("n", step.delta); !errors.Is(err, ErrNotANumber) || err.Error() == ErrNotANumber.Error() {
			t.Error(step, err)
		}
		if there, _, _ := Get("n"); there.Text() != fmt.Sprint(step.start) {
			t.Error(there)
		}
	}
	if sum, err := Add("m", math.MinInt64); sum != math.MinInt64 || err != nil {
		t.Error(sum, err)
	}
	if sum, err := Add("m", 0); sum != math.MinInt64 || err != nil {
		t.Error(sum, err)
	}
}

func TestAnUpdateIsMadeAgainWhenAnotherWasFaster(t *testing.T) {
	Fake(t)
	calls := 0
	value, err := Update("a", func(there Entry) ([]byte, error) {
		if calls++; calls == 1 {
			Set("a", "other")
		}
		return append(there.Value, '!'), nil
	})
	if calls != 2 || string(value) != "other!" || err != nil {
		t.Error(calls, string(value), err)
	}
	no := errors.New("no")
	if _, err := Update("a", func(Entry) ([]byte, error) { return nil, no }); err != no {
		t.Error(err)
	}
}

func TestWhatIsKeptIsACopy(t *testing.T) {
	Fake(t)
	value := []byte("one")
	version, _ := Set("a", value)
	value[0] = '-'
	there, _, _ := Get("a")
	if there.Text() != "one" || there.Version != version {
		t.Error(there)
	}
	there.Value[0] = '-'
	if there, _, _ := Get("a"); there.Text() != "one" {
		t.Error(there)
	}
}
