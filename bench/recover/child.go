package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-go/millrace"
)

// child is an instance in a process of its own.
type child struct {
	name    string
	cmd     *exec.Cmd
	stdin   io.Closer
	started time.Time
	ended   chan struct{} // closed when err is there
	err     error
	asked   atomic.Bool // to end

	mu      sync.Mutex
	reports []report
	more    chan struct{} // closed and replaced with each report, closed for good at the end
}

// start starts an instance whose stores lie in a directory of its name.
func (b *bench) start(name string) (*child, error) {
	args := []string{
		"-bootstrap", b.bootstrap, "-app", b.app, "-instance", name, "-state", b.stateOf(name), "-keys", fmt.Sprint(b.keys),
		"-workers", fmt.Sprint(b.workers), "-session", b.session.String(), "-cpuprofile", b.profile, fmt.Sprintf("-v=%v", b.verbose),
		"-standbys", fmt.Sprint(b.standbys),
	}
	cmd := exec.Command(os.Args[0], args...) //nolint:gosec,noctx // itself; it ends with its standard input
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c := &child{name: name, cmd: cmd, stdin: in, started: time.Now(), ended: make(chan struct{}), more: make(chan struct{})}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go c.read(out)
	go func() {
		if <-c.ended; !c.asked.Load() {
			b.fail(fmt.Errorf("instance %s ended (%w): see its log", c.name, c.err))
		}
	}()
	b.children = append(b.children, c)
	return c, nil
}

// read takes the reports until the process ends.
func (c *child) read(out io.Reader) {
	for s := bufio.NewScanner(out); s.Scan(); {
		var r report
		if json.Unmarshal(s.Bytes(), &r) != nil {
			continue // another line
		}
		c.mu.Lock()
		c.reports = append(c.reports, r)
		close(c.more)
		c.more = make(chan struct{})
		c.mu.Unlock()
	}
	c.err = c.cmd.Wait()
	close(c.ended)
}

// last is what the process said last of what it has.
func (c *child) last() (r report, more <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range slices.Backward(c.reports) {
		if x.Restore == nil {
			return x, c.more
		}
	}
	return r, c.more
}

// until waits until what an instance has is ok.
func (c *child) until(ctx context.Context, ok func(report) bool) error {
	for {
		r, more := c.last()
		if ok(r) {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return fmt.Errorf("instance %s has %+v: %w", c.name, r, context.Cause(ctx))
		}
	}
}

// quiet waits until the process does next to nothing, and returns the CPU that it has used.
func (c *child) quiet(ctx context.Context) (cpu time.Duration, err error) {
	var mark report
	err = c.until(ctx, func(r report) bool {
		if mark.At.IsZero() {
			mark = r
		}
		took := r.At.Sub(mark.At)
		if took < 2*time.Second {
			return false
		}
		idle := r.CPU-mark.CPU < took/5 // the commits and polls of a process without work
		mark = r
		return idle
	})
	return mark.CPU, err
}

// kill ends the process without a warning.
func (c *child) kill() {
	c.asked.Store(true)
	_ = c.cmd.Process.Kill() // fails if it has ended
	<-c.ended
}

// stop asks the process to end, and waits until it has.
func (c *child) stop(ctx context.Context) error {
	c.asked.Store(true)
	if err := c.cmd.Process.Signal(os.Interrupt); err != nil {
		return fmt.Errorf("stop instance %s: %w", c.name, err)
	}
	select {
	case <-c.ended:
		return c.err
	case <-ctx.Done():
		return fmt.Errorf("instance %s does not stop: %w", c.name, context.Cause(ctx))
	}
}

// restored sums up what the process has restored.
type restored struct {
	Records   int64
	Wall, CPU time.Duration
	Began     time.Duration // the CPU that the process had used before
	PeakMiB   float64
}

func (c *child) restored() (sum restored) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var first, last *report
	for i := range c.reports {
		r := &c.reports[i]
		if r.Restore == nil {
			continue
		}
		if first == nil {
			first = r
		}
		if r.Restore.Phase >= millrace.RestoreDone {
			sum.Records += r.Restore.Records
		}
		last = r
	}
	if first != nil {
		sum.Wall, sum.CPU, sum.PeakMiB = last.At.Sub(first.At), last.CPU-first.CPU, last.PeakMiB
		sum.Began = first.CPU
	}
	return sum
}
