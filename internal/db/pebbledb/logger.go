package pebbledb

import (
	"context"
	"fmt"
	"log/slog"
)

// logger is Pebble's log in slog: its chat at debug level.
type logger struct {
	l     *slog.Logger
	latch *latch
}

func (l logger) log(level slog.Level, format string, args []any) {
	if l.l.Enabled(context.Background(), level) {
		l.l.Log(context.Background(), level, "pebble: "+fmt.Sprintf(format, args...), "dir", l.latch.dir)
	}
}

func (l logger) Infof(format string, args ...any)  { l.log(slog.LevelDebug, format, args) }
func (l logger) Errorf(format string, args ...any) { l.log(slog.LevelWarn, format, args) }

// Fatalf is Pebble's end of the process, in practice after a failed write of the manifest. It breaks the DB and returns;
// Pebble goes on as after any failed flush, and the frozen disk keeps it from writing a version that it no longer knows.
func (l logger) Fatalf(format string, args ...any) {
	for _, a := range args {
		if err, ok := a.(error); ok {
			l.latch.trip(fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), err))
			return
		}
	}
	l.latch.trip(fmt.Errorf(format, args...))
}
