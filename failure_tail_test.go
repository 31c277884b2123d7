package millrace_test

import (
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/internal/proctest"
)

// TestKillReplaysTheTail kills a process without warning: the next one replays what was committed since the store was last
// safe on the disk, which is at most some seconds before, and not the whole changelog.
func TestKillReplaysTheTail(t *testing.T) {
	t.Parallel()
	const rows, few, tail = 21_000, 30, 600 // words
	bootstrap, dir := brokertest.Bootstrap(t), t.TempDir()
	app := newApp(t, bootstrap)
	in, out := topics(t, bootstrap, 1, 1)
	launch := func() *proctest.Process {
		p := proctest.Start(t, "words", app, dir, bootstrap, in, out)
		p.AwaitLine(millrace.StateRunning.String())
		return p
	}
	p := launch()
	brokertest.Produce(t, bootstrap, in, lines(rows/3, rows)...)
	brokertest.Consume(t, bootstrap, out, rows, longest)
	// A store that is safe later than this holds all of the rows: the few words after it are its reason to be written again.
	mark := time.Now()
	brokertest.Produce(t, bootstrap, in, lines(few/3, few)...)
	until(t, "a store on the disk", func() (safe bool) {
		each(t, dir, "task.json", func(path string) {
			info, err := os.Stat(path)
			check(t, err)
			safe = safe || info.ModTime().After(mark)
		})
		return safe
	})
	brokertest.Produce(t, bootstrap, in, lines(tail/3, tail)...)
	brokertest.Consume(t, bootstrap, out, rows+few+tail, longest)
	p.Kill()
	began := time.Now()
	p = launch()
	replayed := restored(t, p)
	t.Logf("%d of %d rows were replayed; the process ran again after %v", replayed, rows, time.Since(began).Round(time.Millisecond))
	if replayed > few+tail {
		t.Errorf("%d records were replayed, of %d that came after the store was safe", replayed, few+tail)
	}
	brokertest.Produce(t, bootstrap, in, lines(rows/3, rows)...)
	brokertest.Consume(t, bootstrap, out, 2*rows+few+tail, longest)
	if err := p.Stop(); err != nil {
		t.Errorf("the last process: %v", err)
	}
	want := countsOf(rows/3, rows)
	for word := range want {
		want[word] *= 2
	}
	for _, part := range []int{few, tail} {
		for word, n := range countsOf(part/3, part) {
			want[word] += n
		}
	}
	checkCounts(t, brokertest.All(t, bootstrap, out), want)
}

// restored is how many records a process says that it read from changelogs.
func restored(t *testing.T, p *proctest.Process) (sum int) {
	t.Helper()
	said := regexp.MustCompile(`runtime: restored.* records=(\d+)`)
	for _, line := range p.Lines() {
		if m := said.FindStringSubmatch(line); m != nil {
			n, err := strconv.Atoi(m[1])
			check(t, err)
			sum += n
		}
	}
	return sum
}
