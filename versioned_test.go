package millrace_test

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

// TestVersionsAreRestored loses the state directory of an application: it still knows the versions of its rows, also those older
// than the changelog of another store with a time would keep.
func TestVersionsAreRestored(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	cfg.InstanceID = "me" // not waiting for another's session to end
	id := newApp(t, cfg.Bootstrap)
	in, out := topics(t, cfg.Bootstrap, 1, 1)
	draw := func() *topology.Topology {
		b := topology.New(id)
		versions := state.Versioned[string, string]("versions", time.Hour)
		stream.From(b, topology.NewTopic[string, string](in)).Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
			store, err := versions.Open(c)
			return func(r stream.Record[string, string]) error {
				before, _, err := store.GetAt(r.Key, r.Timestamp)
				if err != nil {
					return err
				}
				if _, err := store.Put(r.Key, r.Value, r.Timestamp); err != nil {
					return err
				}
				r.Value = before.Value + "<" + r.Value
				return c.Forward(r)
			}, err
		}, topology.WithStores(versions)).To(topology.NewTopic[string, string](out))
		return topology.Must(b.Build())
	}
	put := func(value string, at int64) {
		t.Helper()
		brokertest.Produce(t, cfg.Bootstrap, in, brokertest.Record{Key: []byte("k"), Value: []byte(value), Timestamp: time.UnixMilli(at)})
	}
	found := func(n int) []string {
		t.Helper()
		var values []string
		for _, r := range brokertest.Consume(t, cfg.Bootstrap, out, n, longest) {
			values = append(values, string(r.Value))
		}
		return values
	}
	put("a", 10_000)
	put("b", 20_000)
	put("c", 30_000)
	a := start(t, draw(), cfg)
	found(3)
	check(t, a.shutdown())
	check(t, os.RemoveAll(cfg.StateDir))
	put("late", 15_000)
	put("d", 40_000)
	a = start(t, draw(), cfg)
	if diff := cmp.Diff([]string{"<a", "a<b", "b<c", "a<late", "c<d"}, found(5)); diff != "" {
		t.Error(diff)
	}
	check(t, a.shutdown())
	changelog := id + "-versions-changelog"
	configs, err := brokertest.Admin(t, cfg.Bootstrap).DescribeTopicConfigs(t.Context(), changelog)
	check(t, err)
	config, err := configs.On(changelog, nil)
	check(t, err)
	for _, c := range config.Configs {
		if c.Key == "cleanup.policy" && c.MaybeValue() != "compact" {
			t.Errorf("the changelog's cleanup.policy is %s: the latest versions would go", c.MaybeValue())
		}
	}
}
