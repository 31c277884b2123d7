package proctest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/proctest"
)

func TestMain(m *testing.M) {
	proctest.Main(map[string]proctest.Program{
		"greeter": func(ctx context.Context, args []string) error {
			fmt.Println("starting")
			fmt.Fprintln(os.Stderr, "hello", strings.Join(args, " and "))
			<-ctx.Done()
			fmt.Print("good-bye")
			return nil
		},
		"broken": func(context.Context, []string) error { return errors.New("broken: it is") },
	})
	os.Exit(m.Run())
}

func TestStop(t *testing.T) {
	t.Parallel()
	p := proctest.Start(t, "greeter", "a b", "-c")
	p.AwaitLine("hello a b and -c")
	if err := p.Stop(); err != nil {
		t.Errorf("Stop: %v", err)
	}
	if diff := cmp.Diff([]string{"starting", "hello a b and -c", "good-bye"}, p.Lines()); diff != "" {
		t.Errorf("Lines (-want +got):\n%s", diff)
	}
}

func TestKill(t *testing.T) {
	t.Parallel()
	p := proctest.Start(t, "greeter")
	p.AwaitLine("starting")
	p.Kill()
	p.Kill()
	if err := p.Wait(); err == nil {
		t.Error("Wait after Kill: no error")
	}
	if lines := p.Lines(); len(lines) > 0 && lines[len(lines)-1] == "good-bye" {
		t.Error("a killed process said good-bye")
	}
}

// TestPause: a process that is paused does not stop when it is asked to, and does once it goes on.
func TestPause(t *testing.T) {
	t.Parallel()
	p := proctest.Start(t, "greeter")
	p.AwaitLine("starting")
	p.AwaitLine("hello ")
	p.Pause()
	stopped := make(chan error, 1)
	go func() { stopped <- p.Stop() }()
	select {
	case err := <-stopped:
		t.Errorf("Stop of a paused process: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	p.Resume()
	if err := <-stopped; err != nil {
		t.Errorf("Stop: %v", err)
	}
	<-p.Ended()
	if lines := p.Lines(); lines[len(lines)-1] != "good-bye" {
		t.Errorf("it said %q at last", lines)
	}
}

func TestFailing(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ program, want string }{
		{"broken", "broken: it is"},
		{"none", `proctest: TestMain knows no program "none"`},
	} {
		p := proctest.Start(t, test.program)
		if err := p.Wait(); err == nil {
			t.Errorf("%s: no error", test.program)
		}
		if diff := cmp.Diff([]string{test.want}, p.Lines()); diff != "" {
			t.Errorf("%s: lines (-want +got):\n%s", test.program, diff)
		}
	}
}
