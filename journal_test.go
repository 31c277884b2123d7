package millrace_test

import (
	"log/slog"
	"strings"
	"sync"
	"testing"
)

// journal is a log that a test can look into.
type journal struct {
	t     testing.TB
	level slog.Level // the lowest that is kept; zero is Info
	mu    sync.Mutex
	b     strings.Builder
}

func (j *journal) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{Level: j.level}))
}

// Write implements io.Writer.
func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.t.Log(strings.TrimSpace(string(b)))
	return j.b.Write(b)
}

func (j *journal) has(s string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Contains(j.b.String(), s)
}
