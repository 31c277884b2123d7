// Package proctest runs programs of a test binary in processes of their own, so that a test can kill them.
//
//	func TestMain(m *testing.M) {
//		proctest.Main(map[string]proctest.Program{"app": appProgram})
//		os.Exit(m.Run())
//	}
//
//	app := proctest.Start(t, "app", bootstrap, dir)
//	app.AwaitLine("ready")
//	app.Kill()
package proctest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Program is what a process does, with the arguments that [Start] was given. ctx ends when the process is asked to stop.
type Program func(ctx context.Context, args []string) error

// programEnv names the program to run. The arguments are the process's own: a program that starts itself again passes both on.
const programEnv = "MILLRACE_TEST_PROGRAM"

// Main runs a program and exits, if this process was started for one, and returns in the process that runs the tests.
func Main(programs map[string]Program) {
	name, ok := os.LookupEnv(programEnv)
	if !ok {
		return
	}
	run, ok := programs[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "proctest: TestMain knows no program %q\n", name)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// patience is how long a process may take to say what is awaited, and to stop: it bounds a test that would hang, on a machine
// that is busy with others.
const patience = 3 * time.Minute

// Process is a program that was started.
type Process struct {
	t       testing.TB
	program string
	cmd     *exec.Cmd
	output  *output
	ended   chan struct{} // closed when err is there
	err     error
}

// Start starts a program of those that TestMain gave to [Main]. It is killed when the test ends; what it wrote last is logged
// if the test failed.
func Start(t testing.TB, program string, args ...string) *Process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatalf("proctest: %v", err)
	}
	p := &Process{t: t, program: program, output: newOutput(), ended: make(chan struct{})}
	p.cmd = exec.Command(self, args...) //nolint:gosec,noctx // this very test; it ends with the test
	p.cmd.Env = append(os.Environ(), programEnv+"="+program)
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	p.cmd.WaitDelay = 10 * time.Second // a process that it started may hold its output
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("proctest: start %s: %v", program, err)
	}
	go func() {
		defer close(p.ended)
		p.err = p.cmd.Wait()
		p.output.end()
	}()
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("%s wrote at last:\n%s", program, strings.Join(p.output.tail(40), "\n"))
		}
	})
	return p
}

// AwaitLine waits until the process writes a line, and fails the test if it ends before or takes too long.
func (p *Process) AwaitLine(line string) {
	p.t.Helper()
	p.Await(fmt.Sprintf("the line %q", line), func(got string) bool { return got == line })
}

// Await is AwaitLine for any line that is ok. A line is looked at once: the next call goes on after it.
func (p *Process) Await(what string, ok func(line string) bool) {
	p.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		line, more, found := p.output.next()
		switch {
		case found && ok(line):
			return
		case found:
		case more == nil:
			p.t.Fatalf("proctest: %s ended (%v) before it wrote %s", p.program, p.Wait(), what)
		default:
			select {
			case <-more:
			case <-deadline.C:
				p.quit()
				p.t.Fatalf("proctest: %s has not written %s after %v", p.program, what, patience)
			}
		}
	}
}

// Kill ends the process without a warning, and waits until it is gone. A process that has ended is left in peace.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // fails if it has ended
	<-p.ended
}

// Pause stops the process where it is, as a machine that hangs does, until it is told to Resume. It can be killed meanwhile.
func (p *Process) Pause() { p.signal(syscall.SIGSTOP) }

// Resume lets a paused process go on.
func (p *Process) Resume() { p.signal(syscall.SIGCONT) }

func (p *Process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Errorf("proctest: signal %v to %s: %v", s, p.program, err)
	}
}

// Ended is closed once the process has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Stop asks the process to end, as an operator would, and returns how it did.
func (p *Process) Stop() error {
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return p.Wait()
}

// Wait waits until the process ends, and returns how it did.
func (p *Process) Wait() error {
	select {
	case <-p.ended:
		return p.err
	case <-time.After(patience):
		p.quit()
		return fmt.Errorf("proctest: %s does not end within %v", p.program, patience)
	}
}

// Lines are what the process has written so far, on its standard output and its standard error.
func (p *Process) Lines() []string { return p.output.tail(-1) }

// quit ends the process with a dump of its goroutines, for the log of the test.
func (p *Process) quit() {
	_ = p.cmd.Process.Signal(syscall.SIGQUIT)
	select {
	case <-p.ended:
	case <-time.After(p.cmd.WaitDelay):
		p.Kill()
	}
}
