package outbound

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"
	"unsafe"

	"github.com/tenterhook/tenterhook/guest-sdk/go/internal/abi"
)

// A sandbox has one thread, which a call of the host's `poll` holds. So goroutines that wait for the host are waited for together, and no longer
// at a time than the timers of others may be late.

// longest is how late a timer of another goroutine may be.
const longest = 250 * time.Millisecond

type waiter struct {
	pollable uint32
	// Closed when it is ready.
	ready chan struct{}
	// The context's; zero when there is none.
	deadline time.Time
}

// waiting has who waits. A goroutine may be stopped wherever it allocates, so the list is locked until the host has seen it.
var waiting struct {
	sync.Mutex
	waiters []*waiter
	// Whether a goroutine waits for all.
	isPolled bool
}

// wait lets other goroutines go on until the pollable, whose handle it takes, is ready. Its error is the context's.
func wait(ctx context.Context, pollable uint32) error {
	defer dropPollable(pollable)
	deadline, _ := ctx.Deadline()
	self := &waiter{pollable, make(chan struct{}), deadline}
	waiting.Lock()
	waiting.waiters = append(waiting.waiters, self)
	if !waiting.isPolled {
		waiting.isPolled = true
		go pollAll()
	}
	waiting.Unlock()
	select {
	case <-self.ready:
		return nil
	case <-ctx.Done():
		waiting.Lock()
		defer waiting.Unlock()
		waiting.waiters = slices.DeleteFunc(waiting.waiters, func(other *waiter) bool { return other == self })
		return ctx.Err()
	}
}

// pollAll waits until nobody waits any more.
func pollAll() {
	began := time.Now()
	for {
		// Others may have something to do, or to wait for.
		runtime.Gosched()
		waiting.Lock()
		if len(waiting.waiters) == 0 {
			waiting.isPolled = false
			waiting.Unlock()
			return
		}
		most := max(min(time.Since(began)/4, longest), time.Millisecond)
		if pollOnce(most) {
			began = time.Now()
		}
		waiting.Unlock()
	}
}

// pollOnce waits for one of all, no longer than most, and says whether any is ready. The list is locked.
func pollOnce(most time.Duration) bool {
	pollables := make([]uint32, 0, len(waiting.waiters)+1)
	for _, waiter := range waiting.waiters {
		pollables = append(pollables, waiter.pollable)
		if !waiter.deadline.IsZero() {
			most = min(most, max(time.Until(waiter.deadline), 0))
		}
	}
	alarm := subscribeDuration(uint64(most))
	defer dropPollable(alarm)
	pollables = append(pollables, alarm)
	result := abi.Returned[abi.List]()
	poll(unsafe.Pointer(unsafe.SliceData(pollables)), uint32(len(pollables)), unsafe.Pointer(result))
	runtime.KeepAlive(pollables)
	ready := abi.Items[uint32](*result)
	var left []*waiter
	for index, waiter := range waiting.waiters {
		if slices.Contains(ready, uint32(index)) {
			close(waiter.ready)
		} else {
			left = append(left, waiter)
		}
	}
	isAny := len(left) < len(waiting.waiters)
	waiting.waiters = left
	return isAny
}
