package millrace_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"go.opentelemetry.io/otel/sdk/metric"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
)

// TestRestore stops an application, does something to its store or its changelog, and starts it again: the counts go on
// from where they were, or from the beginning where the changelog is lost.
func TestRestore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, log string // log is what is said at the start
		meddle    func(t *testing.T, cfg millrace.Config, changelog string)
		forgotten bool
	}{
		{name: "nothing", meddle: func(*testing.T, millrace.Config, string) {}},
		{name: "the state directory is lost", log: "runtime: restored", meddle: func(t *testing.T, cfg millrace.Config, _ string) {
			t.Helper()
			check(t, os.RemoveAll(cfg.StateDir))
		}},
		{name: "the store is damaged", log: "runtime: restored", meddle: func(t *testing.T, cfg millrace.Config, _ string) {
			t.Helper()
			each(t, cfg.StateDir, "task.json", func(path string) { check(t, os.WriteFile(path, []byte("{"), 0o600)) })
		}},
		{name: "the store is old and behind", log: "dropped deletions", meddle: func(t *testing.T, cfg millrace.Config, changelog string) {
			t.Helper()
			brokertest.Produce(t, cfg.Bootstrap, changelog, brokertest.Record{Key: []byte("another"), Value: make([]byte, 16)})
			old := time.Now().Add(-25 * time.Hour)
			each(t, cfg.StateDir, "task.json", func(path string) { check(t, os.Chtimes(path, old, old)) })
		}},
		{name: "the changelog lost its start", log: "does not hold the offset", forgotten: true, meddle: func(t *testing.T, cfg millrace.Config, changelog string) {
			t.Helper()
			brokertest.Produce(t, cfg.Bootstrap, changelog, brokertest.Record{Key: []byte("another"), Value: make([]byte, 16)})
			truncate(t, cfg.Bootstrap, changelog)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := testConfig(t)
			cfg.InstanceID = "me" // not waiting for another's session to end
			id := newApp(t, cfg.Bootstrap)
			in, out := topics(t, cfg.Bootstrap, 1, 1)
			topo := wordCount(t, id, in, out)
			brokertest.Produce(t, cfg.Bootstrap, in, lines(100, 10)...)
			a := start(t, topo, cfg)
			brokertest.Consume(t, cfg.Bootstrap, out, 300, longest)
			if err := a.shutdown(); err != nil {
				t.Fatal(err)
			}
			c.meddle(t, cfg, id+"-counts-changelog")
			log := &journal{t: t}
			cfg.Logger = log.logger()
			reader := metric.NewManualReader()
			cfg.MeterProvider = metric.NewMeterProvider(metric.WithReader(reader))
			var told restoreLog
			cfg.OnRestore = func(p millrace.RestoreProgress) {
				told = append(told, p)
				left, ok := collect(t, reader)["millrace.restore.remaining task="+p.Task]
				if on := p.Phase <= millrace.RestoreRunning; ok != on || left != float64(p.OffsetsLeft) {
					t.Errorf("the metric says %v (known: %v) of %+v", left, ok, p)
				}
			}
			brokertest.Produce(t, cfg.Bootstrap, in, lines(1, 10)...)
			a = start(t, topo, cfg)
			got := numbersOf(brokertest.Consume(t, cfg.Bootstrap, out, 303, longest))[300:]
			if err := a.shutdown(); err != nil {
				t.Fatal(err)
			}
			want := int64(31)
			if c.forgotten {
				want = 1
			}
			for _, n := range got {
				if n != want {
					t.Errorf("the counts go on with %v, want %d", got, want)
				}
			}
			if c.log == "" && log.has("restored") || !log.has(c.log) {
				t.Errorf("want %q in the log", c.log)
			}
			told.check(t, log.has("runtime: restored"))
		})
	}
}

// restoreLog is what Config.OnRestore was told.
type restoreLog []millrace.RestoreProgress

// check finds each task's restore told from its start to its end, or nothing told.
func (l restoreLog) check(t *testing.T, some bool) {
	t.Helper()
	if len(l) == 0 && some {
		t.Error("the listener was told of no restore")
	}
	phases := map[string][]millrace.RestorePhase{}
	for _, p := range l {
		phases[p.Task] = append(phases[p.Task], p.Phase)
		if p.Phase == millrace.RestoreDone && (p.Records == 0 || p.RecordsPerSecond <= 0 || p.OffsetsLeft != 0 || p.Took <= 0) {
			t.Errorf("at the end: %+v", p)
		}
		if p.Phase == millrace.RestoreStarted && (p.OffsetsLeft == 0 || !slices.Equal(p.Stores, []string{"counts"})) {
			t.Errorf("at the start: %+v", p)
		}
	}
	for task, got := range phases {
		got = slices.DeleteFunc(got, func(p millrace.RestorePhase) bool { return p == millrace.RestoreRunning })
		if diff := cmp.Diff([]millrace.RestorePhase{millrace.RestoreStarted, millrace.RestoreDone}, got); diff != "" {
			t.Errorf("task %s (-want +got):\n%s", task, diff)
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// each calls f with every file of a name; there must be one.
func each(t *testing.T, dir, name string, f func(path string)) {
	t.Helper()
	found := 0
	check(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == name {
			found++
			f(path)
		}
		return err
	}))
	if found == 0 {
		t.Fatalf("no %s in %s", name, dir)
	}
}

// deleteTopic deletes a topic and waits until it is gone.
func deleteTopic(t *testing.T, bootstrap, topic string) {
	t.Helper()
	a := brokertest.Admin(t, bootstrap)
	_, err := a.DeleteTopic(t.Context(), topic)
	check(t, err)
	for known := true; known; {
		found, err := a.ListTopics(t.Context(), topic)
		check(t, err)
		known = found.Has(topic)
	}
}

// truncate deletes all records of a topic, which Kafka allows where time alone would delete some.
func truncate(t *testing.T, bootstrap, topic string) {
	t.Helper()
	a, policy := brokertest.Admin(t, bootstrap), "compact,delete"
	altered, err := a.AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "cleanup.policy", Value: &policy}}, topic)
	check(t, err)
	_, err = altered.On(topic, nil)
	check(t, err)
	ends, err := a.ListEndOffsets(t.Context(), topic)
	check(t, err)
	for deleted := false; !deleted; { // a broker hears of the policy later
		gone, err := a.DeleteRecords(t.Context(), ends.Offsets())
		check(t, err)
		deleted = gone.Error() == nil
	}
}
