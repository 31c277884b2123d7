package millrace_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
)

// TestLife follows an application from its making to its end: its states, what its probes answer, and that a stop
// commits all there was.
func TestLife(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	id := newApp(t, cfg.Bootstrap)
	in, out := topics(t, cfg.Bootstrap, 2, 1)
	made, err := millrace.New(wordCount(t, id, in, out), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(millrace.Health{Live: true, State: millrace.StateCreated}, made.Health()); diff != "" {
		t.Errorf("health before Run (-want +got):\n%s", diff)
	}
	a := start(t, wordCount(t, id, in, out), cfg)
	h := a.Health()
	slices.Sort(h.Tasks)
	want := millrace.Health{Live: true, Ready: true, State: millrace.StateRunning, Tasks: []string{
		"-words-repartition/0", "-words-repartition/1", in + "/0", in + "/1",
	}}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Errorf("health while it runs (-want +got):\n%s", diff)
	}
	brokertest.Produce(t, cfg.Bootstrap, in, lines(50, 10)...)
	brokertest.Consume(t, cfg.Bootstrap, out, 150, longest)
	if err := a.shutdown(); err != nil {
		t.Fatal(err)
	}
	states := []millrace.State{millrace.StateStarting, millrace.StateRestoring, millrace.StateRunning, millrace.StateStopping, millrace.StateStopped}
	if diff := cmp.Diff(states, a.history()); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	if h := a.Health(); !h.Live || h.Ready || h.State != millrace.StateStopped {
		t.Errorf("health after the stop: %+v", h)
	}
	if left := uncommitted(t, cfg.Bootstrap, id); len(left) > 0 {
		t.Errorf("the stop has not committed %v", left)
	}
}

// uncommitted lists the records that a group has not committed, of the topics that it has committed offsets of. (Its lag may
// be more than that, by the marks that transactions leave at the end of a partition.)
func uncommitted(t *testing.T, bootstrap, group string) (left []brokertest.Record) {
	t.Helper()
	committed, err := brokertest.Admin(t, bootstrap).FetchOffsets(t.Context(), group)
	if err != nil {
		t.Fatal(err)
	}
	if len(committed) == 0 {
		t.Fatal("nothing is committed")
	}
	for topic := range committed {
		for _, r := range brokertest.All(t, bootstrap, topic) {
			if o, ok := committed.Lookup(topic, r.Partition); !ok || r.Offset >= o.At {
				left = append(left, r)
			}
		}
	}
	return left
}

// TestZeroConfig runs on a broker of its own, where the topics are.
func TestZeroConfig(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	cfg.Bootstrap = ""
	if err := start(t, wordCount(t, "app", "in", "out"), cfg).shutdown(); err != nil {
		t.Error(err)
	}
}

// TestListenerAsks asks for the health from within the listener.
func TestListenerAsks(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	in, out := topics(t, cfg.Bootstrap, 1, 1)
	var a *millrace.App
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	cfg.OnState = func(s millrace.State) {
		if got := a.Health().State; got != s {
			t.Errorf("told of %v, asked it is %v", s, got)
		}
		if s == millrace.StateRunning {
			stop()
		}
	}
	var err error
	if a, err = millrace.New(wordCount(t, newApp(t, cfg.Bootstrap), in, out), cfg); err != nil {
		t.Fatal(err)
	}
	if err := a.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

// TestMetrics counts what was done, and nothing that was taken back.
func TestMetrics(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	reader := metric.NewManualReader()
	cfg.MeterProvider = metric.NewMeterProvider(metric.WithReader(reader))
	cfg.OnDecodeError, cfg.OnProcessError = millrace.Skip, millrace.Skip
	id := newApp(t, cfg.Bootstrap)
	in, seen, out := threeTopics(t, cfg.Bootstrap)
	brokertest.Produce(t, cfg.Bootstrap, in, badInput([]byte("abc"))...)
	brokertest.Produce(t, cfg.Bootstrap, in, badInput(number(erring))...)
	a := start(t, sums(t, id, in, seen, out, failing), cfg)
	brokertest.Consume(t, cfg.Bootstrap, out, 8, longest)
	got := collect(t, reader)
	processed := "millrace.records.processed task=" + in + "/0"
	for deadline := time.Now().Add(longest); got[processed] < 10 && time.Now().Before(deadline); time.Sleep(time.Millisecond) { // the broker knows of a commit first
		got = collect(t, reader)
	}
	if err := a.shutdown(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{
		processed: 10, // dropped or not
		"millrace.records.produced task=" + in + "/0":                8 + 8 + 1, // seen, out, and the changelog of one commit or more
		"millrace.records.dropped operator=source task=" + in + "/0": 1,
		"millrace.records.dropped operator=check task=" + in + "/0":  1,
		"millrace.tasks": 1, "millrace.records.restored": 0, "millrace.commits": 1, "millrace.commit.duration": 1,
	} {
		n, ok := got[name]
		exact := name != "millrace.commits" && name != "millrace.commit.duration" && name != "millrace.records.produced task="+in+"/0"
		if !ok || exact && n != want || n < want {
			t.Errorf("%s is %v (known: %v), want %v", name, n, ok, want)
		}
	}
	if _, ok := got["millrace.aborts"]; !ok {
		t.Errorf("no count of aborts among %v", got)
	}
}

// collect reads sums, gauges, and the counts of histograms, by name and attributes but the application's.
func collect(t *testing.T, reader metric.Reader) map[string]float64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	put := func(name string, at attribute.Set, n float64) {
		if !at.HasValue("app") {
			t.Errorf("%s does not say of which application", name)
		}
		for _, kv := range at.ToSlice() {
			if kv.Key != "app" {
				name += " " + string(kv.Key) + "=" + kv.Value.AsString()
			}
		}
		got[name] += n
	}
	for _, s := range all.ScopeMetrics {
		for _, m := range s.Metrics {
			switch d := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range d.DataPoints {
					put(m.Name, p.Attributes, float64(p.Value))
				}
			case metricdata.Gauge[int64]:
				for _, p := range d.DataPoints {
					put(m.Name, p.Attributes, float64(p.Value))
				}
			case metricdata.Histogram[float64]:
				for _, p := range d.DataPoints {
					put(m.Name, p.Attributes, float64(p.Count))
				}
			default:
				t.Errorf("%s is a %T", m.Name, m.Data)
			}
		}
	}
	return got
}
