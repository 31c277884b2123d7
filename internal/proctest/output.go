package proctest

import (
	"bytes"
	"slices"
	"sync"
)

// output collects the lines of a process. They are kept, not handed over: a process never waits for a test that does not read.
type output struct {
	mu      sync.Mutex
	lines   []string
	partial []byte
	read    int           // lines that next has given
	more    chan struct{} // closed and replaced when there is more; nil after the end
}

func newOutput() *output { return &output{more: make(chan struct{})} }

// Write takes what the process wrote.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.partial = append(o.partial, b...)
	for {
		line, rest, whole := bytes.Cut(o.partial, []byte("\n"))
		if !whole {
			break
		}
		o.lines = append(o.lines, string(line))
		o.partial = rest
	}
	close(o.more)
	o.more = make(chan struct{})
	return len(b), nil
}

// end is called when nothing more can come.
func (o *output) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.partial) > 0 {
		o.lines = append(o.lines, string(o.partial))
	}
	close(o.more)
	o.more = nil
}

// next gives the next line, or what is closed when there is one: nil if none will come.
func (o *output) next() (line string, more <-chan struct{}, found bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.read == len(o.lines) {
		return "", o.more, false
	}
	o.read++
	return o.lines[o.read-1], nil, true
}

// tail gives the last n lines, or all if n is negative.
func (o *output) tail(n int) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if n < 0 || n > len(o.lines) {
		n = len(o.lines)
	}
	return slices.Clone(o.lines[len(o.lines)-n:])
}
