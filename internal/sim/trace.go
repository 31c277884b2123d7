package sim

import (
	"fmt"
	"hash/fnv"
	"io"
	"strings"
	"sync"
	"time"
)

// trace is what happened, as a hash: two runs of one seed are the same if their traces are. It keeps the text, too, if it is
// to be read.
type trace struct {
	start time.Time
	hash  uint64
	keep  bool
	mu    sync.Mutex // the text's: the runtimes log at any time
	text  strings.Builder
}

func newTrace(keep bool) *trace { return &trace{start: time.Now(), keep: keep} }

// add notes what happens.
func (t *trace) add(what string) {
	h := fnv.New64a()
	at := time.Since(t.start)
	_, _ = fmt.Fprintf(h, "%d %d ", t.hash, at) // a hash takes everything
	_, _ = io.WriteString(h, what)
	t.hash = h.Sum64()
	if t.keep {
		t.mu.Lock()
		defer t.mu.Unlock()
		fmt.Fprintf(&t.text, "%12v %s\n", at, what)
	}
}

// Write takes the lines of the runtimes' logs. They come when they come, and do not count.
func (t *trace) Write(line []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(&t.text, "%12v     %s", time.Since(t.start), line)
	return len(line), nil
}

// String is the text.
func (t *trace) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}
