package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// screen is where the demo writes. On a terminal the status is one line that is
// written over, below whatever else is written; elsewhere it is a line now and
// then.
type screen struct {
	mu     sync.Mutex
	out    io.Writer
	live   bool
	status string    // on a terminal: what stands in the last line
	last   time.Time // elsewhere: when a status was last written
}

// statusEvery is how often a status is written where there is no terminal.
const statusEvery = 2 * time.Second

func newScreen(f *os.File) *screen {
	info, err := f.Stat()
	return &screen{out: f, live: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// narrow is what fits on every terminal.
const narrow = 79

const eraseLine = "\r\x1b[K"

// Status shows what is going on.
func (s *screen) Status(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch now := time.Now(); {
	case s.live:
		text = text[:min(len(text), narrow)] // a line that wraps is not written over
		fmt.Fprint(s.out, eraseLine, text)
		s.status = text
	case now.Sub(s.last) >= statusEvery:
		fmt.Fprintln(s.out, text)
		s.last = now
	}
}

// Write is for logs.
func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status == "" {
		return s.out.Write(b)
	}
	fmt.Fprint(s.out, eraseLine)
	n, err := s.out.Write(b)
	fmt.Fprint(s.out, s.status)
	return n, err
}

// Printf writes lines that stay.
func (s *screen) Printf(format string, args ...any) { fmt.Fprintf(s, format+"\n", args...) }

// Done leaves the last status standing.
func (s *screen) Done() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status != "" {
		fmt.Fprintln(s.out)
	}
	s.status = ""
}
