//go:build !wasip1

package kv

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/tenterhook/tenterhook/guest-sdk/go/internal/failure"
)

// store is what unit tests have for the project's: without limits, and nothing expires in it while the test runs, unless its time is 0.
var store = struct {
	sync.Mutex
	entries map[string]Entry
	version uint64
}{entries: map[string]Entry{}}

// Fake gives a unit test an empty store, and leaves an empty one behind. Tests that share the store do not run in parallel.
//
//	func TestOrders(t *testing.T) {
//		kv.Fake(t)
//		…
//	}
func Fake(t interface{ Cleanup(func()) }) {
	empty := func() {
		store.Lock()
		defer store.Unlock()
		clear(store.entries)
	}
	empty()
	t.Cleanup(empty)
}

func get(key string) (Entry, bool, error) {
	store.Lock()
	defer store.Unlock()
	entry, is := store.entries[key]
	return copied(entry), is, nil
}

func set(key string, value []byte, with settings) (uint64, error) {
	store.Lock()
	defer store.Unlock()
	return put(key, value, with).Version, nil
}

// put writes to the store, which is locked.
func put(key string, value []byte, with settings) Entry {
	store.version++
	entry := Entry{key, slices.Clone(value), store.version}
	store.entries[key] = entry
	if with.hasTTL && with.ttl == 0 {
		delete(store.entries, key)
	}
	return copied(entry)
}

func copied(entry Entry) Entry {
	entry.Value = slices.Clone(entry.Value)
	return entry
}

func remove(key string) (bool, error) {
	store.Lock()
	defer store.Unlock()
	_, is := store.entries[key]
	delete(store.entries, key)
	return is, nil
}

func add(key string, delta int64, with settings) (int64, error) {
	store.Lock()
	defer store.Unlock()
	var there int64
	if entry, is := store.entries[key]; is {
		number, err := strconv.ParseInt(entry.Text(), 10, 64)
		if err != nil {
			return 0, &failure.Failure{Kind: ErrNotANumber, Text: fmt.Sprintf("the value of `%s` is not a decimal integer of 64 bits", key)}
		}
		there = number
	}
	sum := there + delta
	if (sum > there) != (delta > 0) && delta != 0 {
		return 0, &failure.Failure{Kind: ErrNotANumber, Text: fmt.Sprintf("%d and %d add up to more than 64 bits", there, delta)}
	}
	put(key, strconv.AppendInt(nil, sum, 10), with)
	return sum, nil
}

func compareAndSwap(key string, expected uint64, value []byte, with settings) (Entry, bool, error) {
	store.Lock()
	defer store.Unlock()
	if there := store.entries[key]; there.Version != expected {
		return copied(there), false, nil
	}
	return put(key, value, with), true, nil
}

func list(prefix, after string, limit uint32) (Page, error) {
	store.Lock()
	defer store.Unlock()
	if limit == 0 {
		return Page{}, &failure.Failure{Kind: ErrLimit, Text: "a page has one entry at the least, and `limit` is 0"}
	}
	var page Page
	for _, key := range slices.Sorted(maps.Keys(store.entries)) {
		if !strings.HasPrefix(key, prefix) || key <= after && after != "" {
			continue
		}
		if len(page.Entries) == int(limit) {
			page.More = true
			break
		}
		page.Entries = append(page.Entries, copied(store.entries[key]))
	}
	if page.More {
		page.Next = page.Entries[limit-1].Key
	}
	return page, nil
}
