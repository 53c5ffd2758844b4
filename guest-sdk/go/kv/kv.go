// Package kv keeps things between events: a small durable store, shared by all handlers of the project.
//
//	func OnOrder(*tenterhook.Event) (*tenterhook.Response, error) {
//		number, err := kv.Add("orders", 1)
//		if err != nil {
//			return nil, err
//		}
//		return tenterhook.Text(fmt.Sprintf("order number %d\n", number)), nil
//	}
//
// The project's manifest grants it with `kv: true`. Sessions run at once and are run again, so a value that depends on the one before is
// written with [Add], [Update] or [CompareAndSwap], not with [Get] and [Set]. What a call has answered is durable.
//
// In a unit test the store is one of the process, empty at first: see [Fake].
package kv

import (
	"encoding/json"
	"iter"
	"time"
)

// Entry is a key and what is kept under it.
type Entry struct {
	Key string
	// The exact bytes.
	Value []byte
	// Grows with every change of any key of the project, from 1 on; what CompareAndSwap compares. 0 is that of an entry that is not there.
	Version uint64
}

// Text gives the value as a text.
func (e Entry) Text() string { return string(e.Value) }

// JSON puts the value into target, as json.Unmarshal does.
func (e Entry) JSON(target any) error { return json.Unmarshal(e.Value, target) }

// Page is some of a list.
type Page struct {
	// In the order of their keys' bytes.
	Entries []Entry
	// Where to go on: after of the next page, when there is More.
	Next string
	More bool
}

// Option says how a value is written.
type Option func(*settings)

// settings are what a value is written with.
type settings struct {
	// In milliseconds.
	ttl    uint64
	hasTTL bool
}

// TTL is how long a value stays, from now on; it counts in milliseconds. Without it, Set and CompareAndSwap write for good, and Add leaves
// what is there its time.
func TTL(ttl time.Duration) Option {
	return func(settings *settings) { settings.ttl, settings.hasTTL = uint64(max(ttl.Milliseconds(), 0)), true }
}

func settingsOf(options []Option) settings {
	var settings settings
	for _, option := range options {
		option(&settings)
	}
	return settings
}

// Get gives the entry of a key, and whether there is one: there is none when nothing was written, or its time is over.
func Get(key string) (Entry, bool, error) { return get(key) }

// Set puts a value in the place of what is there, and gives its version.
func Set[T ~string | ~[]byte](key string, value T, options ...Option) (uint64, error) {
	return set(key, []byte(value), settingsOf(options))
}

// Delete removes what is there, and says whether anything was.
func Delete(key string) (bool, error) { return remove(key) }

// Add adds to a decimal integer, of 0 when there is none, in one step, and gives the sum. Its error is ErrNotANumber when the value is
// something else, or the sum does not fit 64 bits.
func Add(key string, delta int64, options ...Option) (int64, error) {
	return add(key, delta, settingsOf(options))
}

// CompareAndSwap is Set, if what is there has the version expected; 0 expects that nothing is there. It gives what is there now, and whether that
// is the new value.
func CompareAndSwap[T ~string | ~[]byte](key string, expected uint64, value T, options ...Option) (Entry, bool, error) {
	return compareAndSwap(key, expected, []byte(value), settingsOf(options))
}

// Update puts what next makes of what is there in its place, and gives it. next is called again when another session was faster; its error
// ends the update, and nothing is changed.
func Update(key string, next func(there Entry) ([]byte, error), options ...Option) ([]byte, error) {
	there, _, err := Get(key)
	for err == nil {
		var value []byte
		if value, err = next(there); err != nil {
			break
		}
		var isDone bool
		if there, isDone, err = CompareAndSwap(key, there.Version, value, options...); isDone {
			return value, nil
		}
	}
	return nil, err
}

// ListPage gives a page of the entries whose keys begin with prefix, after the key after: at most limit, and no more than the host gives at
// once. An empty after is before all keys. List goes through all pages.
func ListPage(prefix, after string, limit uint32) (Page, error) { return list(prefix, after, limit) }

// List goes through all entries whose keys begin with prefix, in the order of their keys' bytes, which it reads a page at a time. An error is
// the last thing that it gives.
func List(prefix string) iter.Seq2[Entry, error] {
	const page = 100
	return func(yield func(Entry, error) bool) {
		for read := (Page{More: true}); read.More; {
			var err error
			if read, err = ListPage(prefix, read.Next, page); err != nil {
				yield(Entry{}, err)
				return
			}
			for _, entry := range read.Entries {
				if !yield(entry, nil) {
					return
				}
			}
		}
	}
}
