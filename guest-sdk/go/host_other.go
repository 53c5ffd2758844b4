//go:build !wasip1

package tenterhook

import (
	"os"
	"strings"
	"sync"
)

// current is what tests have for a host.
var current host = &fakeHost{}

type fakeHost struct {
	mutex   sync.Mutex
	entries []string
}

func (h *fakeHost) log(level Level, message string, fields []field) {
	words := []string{level.String(), message}
	for _, field := range fields {
		words = append(words, field.name+"="+field.value)
	}
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.entries = append(h.entries, strings.Join(words, " "))
}

func (h *fakeHost) variable(name string) (string, bool) { return os.LookupEnv(name) }

func (h *fakeHost) variables() []string {
	var names []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		names = append(names, name)
	}
	return names
}

// TakeLogs gives, in a test, what was logged with Log and with slog through NewLogHandler since the last call: `warn running out stock=3`.
func TakeLogs() []string {
	host := current.(*fakeHost)
	host.mutex.Lock()
	defer host.mutex.Unlock()
	entries := host.entries
	host.entries = nil
	return entries
}
