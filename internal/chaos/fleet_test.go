package chaos

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/internal/proctest"
)

// fleet is an application in several processes.
type fleet struct {
	t         *testing.T
	job       *job
	app       string
	instances []*instance
	ended     chan *instance
	began     time.Time
	runs      int // processes that were started
}

// instance is one of the processes, and those that it had before.
type instance struct {
	n         int
	program   string
	bootstrap string
	dir       string
	p         *proctest.Process
	wanted    bool // it is to run
	runs      int
}

// launch makes a fleet of so many instances for a job, and waits until all of them run.
func launch(t *testing.T, c *cluster, j *job, instances int) *fleet {
	t.Helper()
	f := gather(t, c, j, instances)
	f.launch()
	return f
}

// gather makes the topics of a job, and a fleet that is not started yet.
func gather(t *testing.T, c *cluster, j *job, instances int) *fleet {
	t.Helper()
	f := &fleet{t: t, job: j, app: brokertest.UniqueName(t, j.program), ended: make(chan *instance, 1000), began: time.Now()}
	brokertest.Topics(t, c.bootstrap, j.topics...)
	deleteInternal(t, c.bootstrap, f.app)
	if len(j.before) > 0 {
		brokertest.Produce(t, c.bootstrap, j.topics[1].Name, j.before...)
	}
	for n := range instances {
		i := &instance{n: n, program: j.program, bootstrap: c.bootstrap, dir: t.TempDir()}
		f.instances = append(f.instances, i)
	}
	return f
}

func (f *fleet) launch() {
	f.t.Helper()
	for _, i := range f.instances {
		f.start(i)
	}
	for _, i := range f.instances {
		i.p.AwaitLine("state running")
	}
	f.logf("all instances run")
}

// deleteInternal deletes what an application made, when the test ends; after a failure it stays to be looked at.
func deleteInternal(t *testing.T, bootstrap, app string) {
	t.Helper()
	admin := brokertest.Admin(t, bootstrap)
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		all, err := admin.ListTopics(ctx)
		if err != nil {
			t.Logf("list topics: %v", err)
		}
		for name := range all {
			if strings.HasPrefix(name, app+"-") {
				if _, err := admin.DeleteTopic(ctx, name); err != nil {
					t.Logf("delete topic %s: %v", name, err)
				}
			}
		}
	})
}

func (f *fleet) since() time.Duration { return time.Since(f.began) }

func (f *fleet) logf(format string, args ...any) {
	f.t.Helper()
	f.t.Logf("%5.1f s: %s", f.since().Seconds(), fmt.Sprintf(format, args...))
}

// start starts an instance's process, and has its end reported.
func (f *fleet) start(i *instance) {
	f.t.Helper()
	args := append([]string{fmt.Sprint("instance", i.n), i.dir, i.bootstrap, f.app}, f.job.names()...)
	if i.p != nil {
		<-i.p.Ended()
	}
	i.p, i.wanted = proctest.Start(quiet{f.t}, i.program, args...), true
	i.runs++
	f.runs++
	p, run := i.p, i.runs
	f.t.Cleanup(func() { f.keep(i, run, p) })
	go func() {
		<-p.Ended()
		f.ended <- i
	}()
}

// quiet keeps what the many processes said out of the test's log: it is in files.
type quiet struct{ testing.TB }

func (quiet) Failed() bool { return false }

// keep writes down what a process of a failed test said; go test -artifacts keeps it.
func (f *fleet) keep(i *instance, run int, p *proctest.Process) {
	p.Kill()
	if f.t.Failed() {
		path := filepath.Join(f.t.ArtifactDir(), fmt.Sprintf("instance%d-run%d.log", i.n, run))
		if err := os.WriteFile(path, []byte(strings.Join(p.Lines(), "\n")), 0o600); err != nil {
			f.t.Log(err)
		}
	}
}

// kill ends an instance without a warning.
func (f *fleet) kill(i *instance) {
	i.wanted = false
	i.p.Kill()
}

// drain asks an instance to stop; stopped waits until it has, and wants it to have done so in peace, if it ran.
func (f *fleet) drain(i *instance) (stopped func()) {
	i.wanted = false
	p, done := i.p, make(chan struct{})
	go func() {
		defer close(done)
		if err := p.Stop(); err != nil && ran(p) {
			f.t.Errorf("instance %d did not stop in peace: %v: %s", i.n, err, lastOf(p.Lines()))
		}
	}()
	return func() { <-done }
}

// stop drains all instances that run.
func (f *fleet) stop() {
	var all []func()
	for _, i := range f.instances {
		if i.wanted {
			all = append(all, f.drain(i))
		}
	}
	for _, stopped := range all {
		stopped()
	}
}

// ran says whether a process got over its start. Until then it may give up: where the brokers do not answer it says so and
// ends, and whoever looks after it starts it again.
func ran(p *proctest.Process) bool { return slices.Contains(p.Lines(), "state running") }

// look starts instances again that have ended by themselves, which none should that ran.
func (f *fleet) look(i *instance) {
	select {
	case <-i.p.Ended():
	default:
		return // an earlier process of its
	}
	if !i.wanted {
		return
	}
	f.logf("instance %d ended by itself: %v: %s", i.n, i.p.Wait(), lastOf(i.p.Lines()))
	if ran(i.p) {
		f.t.Errorf("instance %d did not go on", i.n)
	}
	f.start(i)
}

func lastOf(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1]
}
