package millrace_test

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/sdk/metric"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
)

// newPrices is pricesOn the broker to test on.
func newPrices(t *testing.T, opts ...topology.Option) (topo *topology.Topology, cfg millrace.Config, orders, list, out string) {
	t.Helper()
	cfg = testConfig(t)
	cfg.InstanceID = "me"
	topo, orders, list, out = pricesOn(t, cfg.Bootstrap, opts...)
	return topo, cfg, orders, list, out
}

// pricesOn joins orders of articles, by any key, with the global table of the articles' prices; the topics have different
// partition counts.
func pricesOn(t *testing.T, bootstrap string, opts ...topology.Option) (topo *topology.Topology, orders, list, out string) {
	t.Helper()
	orders, out = topics(t, bootstrap, 2, 1)
	list = brokertest.UniqueName(t, "prices")
	brokertest.Topics(t, bootstrap, brokertest.Topic{Name: list, Partitions: 3}) // a compacted one takes no null keys
	b := topology.New(newApp(t, bootstrap))
	global := table.FromGlobal(b, topology.NewTopic[string, int64](list), append(opts, topology.As("prices"))...)
	stream.From(b, topology.NewTopic[string, string](orders)).
		LeftJoinGlobal(global, func(_, article string) string { return article }, func(article string, price int64, ok bool) string {
			if !ok {
				return article + " has no price"
			}
			return fmt.Sprint(article, " costs ", price)
		}).
		To(topology.NewTopic[string, string](out))
	topo, err := b.Build()
	check(t, err)
	return topo, orders, list, out
}

func price(article string, n int64) brokertest.Record {
	return brokertest.Record{Key: []byte(article), Value: number(n)}
}

func order(article string) brokertest.Record {
	return brokertest.Record{Key: []byte("order of " + article), Value: []byte(article)}
}

// texts are the values of records, sorted.
func texts(records []brokertest.Record) []string {
	var list []string
	for _, r := range records {
		list = append(list, string(r.Value))
	}
	slices.Sort(list)
	return list
}

// Records that wait when the application starts see every row that was there by then, whatever partition it lies in, and in
// every task.
func TestGlobalTableIsLoadedFirst(t *testing.T) {
	t.Parallel()
	for _, guarantee := range []millrace.Guarantee{millrace.ExactlyOnce, millrace.AtLeastOnce} {
		for kind, opts := range map[string][]topology.Option{"disk": nil, "memory": {topology.InMemory()}} {
			t.Run(fmt.Sprint(guarantee, ", ", kind), func(t *testing.T) {
				t.Parallel()
				topo, cfg, orders, list, out := newPrices(t, opts...)
				cfg.Guarantee = guarantee
				var rows, waiting []brokertest.Record
				var want []string
				for i := range 3000 {
					article := fmt.Sprint("article ", i)
					rows = append(rows, price(article, int64(i)))
					if i%10 == 0 {
						waiting = append(waiting, order(article))
						want = append(want, fmt.Sprint(article, " costs ", i))
					}
				}
				brokertest.Produce(t, cfg.Bootstrap, orders, waiting...)
				brokertest.Produce(t, cfg.Bootstrap, list, rows...)
				a := start(t, topo, cfg)
				slices.Sort(want)
				if diff := cmp.Diff(want, texts(brokertest.Consume(t, cfg.Bootstrap, out, len(want), longest))); diff != "" {
					t.Error(diff)
				}
				if err := a.shutdown(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// A table that changes while the application runs is seen to change: by and by, since nothing orders its topic with others.
func TestGlobalTableIsFollowed(t *testing.T) {
	t.Parallel()
	topo, cfg, orders, list, out := newPrices(t)
	brokertest.Produce(t, cfg.Bootstrap, list, price("tea", 1))
	a := start(t, topo, cfg)
	seen := 0
	ask := func() string {
		brokertest.Produce(t, cfg.Bootstrap, orders, order("tea"))
		seen++
		return string(brokertest.Consume(t, cfg.Bootstrap, out, seen, longest)[seen-1].Value)
	}
	if got := ask(); got != "tea costs 1" {
		t.Errorf("%q before the change", got)
	}
	for _, change := range []struct {
		record brokertest.Record
		old    string
		want   string
	}{
		{price("tea", 2), "tea costs 1", "tea costs 2"},
		{brokertest.Record{Key: []byte("tea")}, "tea costs 2", "tea has no price"},
	} {
		brokertest.Produce(t, cfg.Bootstrap, list, change.record)
		got := ask()
		for deadline := time.Now().Add(longest); got == change.old && time.Now().Before(deadline); {
			got = ask()
		}
		if got != change.want {
			t.Errorf("%q after the change, want %q", got, change.want)
		}
	}
	if err := a.shutdown(); err != nil {
		t.Error(err)
	}
}

// A broker that goes away and comes back is waited for, and then followed as before.
func TestGlobalTableAfterOutage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	broker := startBroker(t, dir, 0)
	_, text, err := net.SplitHostPort(broker.Bootstrap())
	check(t, err)
	port, err := strconv.Atoi(text)
	check(t, err)
	cfg := testConfig(t)
	cfg.Bootstrap = broker.Bootstrap()
	topo, orders, list, out := pricesOn(t, cfg.Bootstrap)
	brokertest.Produce(t, cfg.Bootstrap, list, price("tea", 1))
	a := start(t, topo, cfg)
	ask := asker(t, cfg.Bootstrap, orders, out)
	if got := ask(); got != "tea costs 1" {
		t.Errorf("%q before the outage", got)
	}
	check(t, broker.Close())
	startBroker(t, dir, port)
	brokertest.Produce(t, cfg.Bootstrap, list, price("tea", 2))
	if got := askUntil(ask, "tea costs 1"); got != "tea costs 2" {
		t.Errorf("%q after the outage", got)
	}
	check(t, a.shutdown())
}

// asker orders tea and returns what came of it.
func asker(t *testing.T, bootstrap, orders, out string) func() string {
	t.Helper()
	seen := 0
	return func() string {
		t.Helper()
		brokertest.Produce(t, bootstrap, orders, order("tea"))
		seen++
		return string(brokertest.Consume(t, bootstrap, out, seen, longest)[seen-1].Value)
	}
}

// askUntil asks until the answer is another one.
func askUntil(ask func() string, old string) string {
	got := ask()
	for deadline := time.Now().Add(longest); got == old && time.Now().Before(deadline); {
		got = ask()
	}
	return got
}

// A restart reads what came since, and everything again where what is on the disk cannot be gone on with.
func TestGlobalTableAfterRestart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, why string
		opts      []topology.Option
		records   int // that are read at the second start
		meddle    func(t *testing.T, cfg millrace.Config, list string)
	}{
		{name: "nothing", records: 2, meddle: func(*testing.T, millrace.Config, string) {}},
		{name: "in memory", records: 32, opts: []topology.Option{topology.InMemory()}, meddle: func(*testing.T, millrace.Config, string) {}},
		{name: "the state directory is lost", records: 32, meddle: func(t *testing.T, cfg millrace.Config, _ string) {
			t.Helper()
			check(t, os.RemoveAll(cfg.StateDir))
		}},
		{name: "the table is damaged", why: "a store is damaged", records: 32, meddle: func(t *testing.T, cfg millrace.Config, _ string) {
			t.Helper()
			rewrite(t, storeOf(t, cfg), "*.sst", nil)
		}},
		{name: "the table is old and behind", why: "dropped deletions", records: 32, meddle: func(t *testing.T, cfg millrace.Config, _ string) {
			t.Helper()
			old := time.Now().Add(-25 * time.Hour)
			each(t, cfg.StateDir, "task.json", func(path string) { check(t, os.Chtimes(path, old, old)) })
		}},
		{name: "the topic is made anew", why: "made anew", records: 2, meddle: func(t *testing.T, cfg millrace.Config, list string) {
			t.Helper()
			deleteTopic(t, cfg.Bootstrap, list)
			brokertest.Topics(t, cfg.Bootstrap, brokertest.Topic{Name: list, Partitions: 3})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			topo, cfg, orders, list, out := newPrices(t, c.opts...)
			var rows []brokertest.Record
			for i := range 30 {
				rows = append(rows, price(fmt.Sprint("article ", i), int64(i)))
			}
			brokertest.Produce(t, cfg.Bootstrap, list, rows...)
			a := start(t, topo, cfg)
			if err := a.shutdown(); err != nil {
				t.Fatal(err)
			}
			c.meddle(t, cfg, list)
			brokertest.Produce(t, cfg.Bootstrap, list, price("article 7", 700), brokertest.Record{Key: []byte("article 8")})
			brokertest.Produce(t, cfg.Bootstrap, orders, order("article 7"), order("article 8"), order("article 9"))
			log := &journal{t: t}
			cfg.Logger = log.logger()
			a = start(t, topo, cfg)
			want := []string{"article 7 costs 700", "article 8 has no price", "article 9 costs 9"}
			if c.why == "made anew" {
				want[2] = "article 9 has no price"
			}
			if diff := cmp.Diff(want, texts(brokertest.Consume(t, cfg.Bootstrap, out, 3, longest))); diff != "" {
				t.Error(diff)
			}
			if err := a.shutdown(); err != nil {
				t.Error(err)
			}
			if loaded := fmt.Sprintf("task=%q records=%d ", "global tables", c.records); !log.has(loaded) {
				t.Errorf("want %q in the log", loaded)
			}
			if !log.has(c.why) || c.why == "" && log.has("from the start") {
				t.Errorf("want %q in the log", c.why)
			}
		})
	}
}

// A record that does not decode ends the application, at the start and later, or is left out: as the policy says.
func TestGlobalTableOfBadRecords(t *testing.T) {
	t.Parallel()
	bad := brokertest.Record{Key: []byte("tea"), Value: []byte("cheap")}
	topo, cfg, orders, list, out := newPrices(t)
	brokertest.Produce(t, cfg.Bootstrap, list, price("milk", 1), bad)
	refused(t, topo, cfg, `global table "prices" (global_test.go:`, "topic "+list, "offset", "does not decode", "give the topic the serde")

	cfg.OnDecodeError = millrace.Skip
	brokertest.Produce(t, cfg.Bootstrap, list, brokertest.Record{Value: number(1)})
	brokertest.Produce(t, cfg.Bootstrap, orders, order("tea"), order("milk"))
	log := &journal{t: t}
	cfg.Logger = log.logger()
	reader := metric.NewManualReader()
	cfg.MeterProvider = metric.NewMeterProvider(metric.WithReader(reader))
	a := start(t, topo, cfg)
	counts := collect(t, reader)
	if n, read := counts["millrace.records.dropped task=global tables"], counts["millrace.records.global"]; n != 2 || read < 2 {
		t.Errorf("%v records of global tables read, %v dropped, want the two bad ones", read, n)
	}
	if diff := cmp.Diff([]string{"milk costs 1", "tea has no price"}, texts(brokertest.Consume(t, cfg.Bootstrap, out, 2, longest))); diff != "" {
		t.Error(diff)
	}
	for _, reason := range []string{"null key", "does not decode"} {
		if !log.has(reason) {
			t.Errorf("the log does not say %q", reason)
		}
	}
	if err := a.shutdown(); err != nil {
		t.Error(err)
	}

	cfg.OnDecodeError = nil
	a = start(t, topo, cfg)
	brokertest.Produce(t, cfg.Bootstrap, list, bad)
	if err := a.wait(); err == nil || !strings.Contains(err.Error(), `follow the global tables: engine: global table "prices"`) {
		t.Errorf("the application ended with %v", err)
	}
}

func TestGlobalTableOfMissingTopic(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	in, out := topics(t, cfg.Bootstrap, 1, 1)
	b := topology.New(newApp(t, cfg.Bootstrap))
	global := table.FromGlobal(b, topology.NewTopic[string, string]("nowhere"))
	stream.From(b, topology.NewTopic[string, string](in)).
		JoinGlobal(global, func(k, _ string) string { return k }, func(a, b string) string { return a + b }).
		To(topology.NewTopic[string, string](out))
	refused(t, topology.Must(b.Build()), cfg, `"nowhere"`, "is read at global_test.go:", "does not exist", "create it")
}
