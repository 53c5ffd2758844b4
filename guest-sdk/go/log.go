package tenterhook

import (
	"context"
	"log/slog"
	"os"
)

// Level is how much an entry of the session's log matters.
type Level uint8

// The levels.
const (
	Trace Level = iota
	Debug
	Info
	Warn
	Error
)

var levelNames = [...]string{"trace", "debug", "info", "warn", "error"}

func (l Level) String() string { return levelNames[min(int(l), len(levelNames)-1)] }

// Log appends an entry to the session's log, with fields as pairs of names and values. slog's functions do the same.
func Log(level Level, message string, fields ...slog.Attr) {
	current.log(level, message, flatten(nil, "", fields))
}

// Var gives a variable or secret of the project, and whether there is one. A unit test sets it with os.Setenv.
func Var(name string) (string, bool) { return current.variable(name) }

// VarNames gives the names of all variables.
func VarNames() []string { return current.variables() }

// NewLogHandler is what slog's entries go through: its groups are prefixes of names.
func NewLogHandler() slog.Handler { return logHandler{} }

type logHandler struct {
	fields []field
	prefix string
}

// Enabled leaves the debugging entries out unless the variable LOG_LEVEL says `debug` or `trace`.
func (logHandler) Enabled(_ context.Context, level slog.Level) bool {
	wanted, _ := os.LookupEnv("LOG_LEVEL")
	return level >= slog.LevelInfo || wanted == "debug" || wanted == "trace"
}

func (h logHandler) Handle(_ context.Context, record slog.Record) error {
	var attributes []slog.Attr
	record.Attrs(func(attribute slog.Attr) bool {
		attributes = append(attributes, attribute)
		return true
	})
	fields := flatten(append([]field(nil), h.fields...), h.prefix, attributes)
	current.log(levelOf(record.Level), record.Message, fields)
	return nil
}

func (h logHandler) WithAttrs(attributes []slog.Attr) slog.Handler {
	return logHandler{flatten(append([]field(nil), h.fields...), h.prefix, attributes), h.prefix}
}

func (h logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return logHandler{h.fields, h.prefix + name + "."}
}

func flatten(fields []field, prefix string, attributes []slog.Attr) []field {
	for _, attribute := range attributes {
		value := attribute.Value.Resolve()
		if value.Kind() == slog.KindGroup {
			below := prefix
			if attribute.Key != "" {
				below += attribute.Key + "."
			}
			fields = flatten(fields, below, value.Group())
		} else if attribute.Key != "" {
			fields = append(fields, field{prefix + attribute.Key, value.String()})
		}
	}
	return fields
}

func levelOf(level slog.Level) Level {
	switch {
	case level < slog.LevelDebug:
		return Trace
	case level < slog.LevelInfo:
		return Debug
	case level < slog.LevelWarn:
		return Info
	case level < slog.LevelError:
		return Warn
	default:
		return Error
	}
}
