package topology_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

var rewrite = flag.Bool("rewrite", false, "write the files of testdata anew; read the difference before you commit it")

func TestDescribe(t *testing.T) {
	t.Parallel()
	for name, draw := range map[string]func(*topology.Builder){
		"pass-through": func(b *topology.Builder) {
			stream.From(b, topology.NewTopic[string, string]("in")).To(topology.NewTopic[string, string]("out"))
		},
		"sites":       sites,
		"foreign-key": foreignKey,
		"global":      global,
		"many":        many,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := topology.New("app")
			draw(b)
			topo, err := b.Build()
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".txt", topo.Describe())
			golden(t, name+".mmd", topo.Mermaid())
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *rewrite {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; go test ./topology -rewrite):\n%s", path, diff)
	}
}

// sites has two repartition topics, a session store and a joined table, whose store is shared by two operators.
func sites(b *topology.Builder) {
	same := func(_, v string) string { return v }
	joined := func(a, _ string) string { return a }
	add := func(a, _, _ string) string { return a }
	experiments := table.From(b, topology.NewTopic[string, string]("experiment_metadata"))
	progress := stream.From(b, topology.NewTopic[string, string]("images_channels")).
		GroupBy(same, topology.As("by-site")).
		WindowedBySession(window.Session(time.Hour, window.NoGrace)).
		Aggregate(func() string { return "" }, add, add, topology.As("progress"))
	stream.Changes(progress).
		SelectKey(func(_ window.Key[string], v string) string { return v }).
		JoinTable(experiments, joined, topology.As("by-experiment")).
		Filter(func(_, v string) bool { return v != "" }).
		To(topology.NewTopic[string, string]("images_site"))
}

// foreignKey has internal topics whose producer chooses the partition.
func foreignKey(b *topology.Builder) {
	table.From(b, topology.NewTopic[string, string]("orders")).
		ForeignKeyJoin(table.From(b, topology.NewTopic[string, string]("customers")),
			func(v string) string { return v }, func(a, _ string) string { return a }, topology.As("ordered")).
		To(topology.NewTopic[string, string]("names"))
}

// global has a table that all tasks see, and one that nothing joins.
func global(b *topology.Builder) {
	channels := table.FromGlobal(b, topology.NewTopic[string, string]("channels"), topology.As("stains"))
	table.FromGlobal(b, topology.NewTopic[string, string]("plates"))
	stream.From(b, topology.NewTopic[string, string]("images")).
		JoinGlobal(channels, func(_, v string) string { return v }, func(a, _ string) string { return a }).
		To(topology.NewTopic[string, string]("stained"))
}

// many has two sub-topologies that do not touch, an operator with two stores and several children, a topic written
// twice and one chosen for each record.
func many(b *topology.Builder) {
	out := topology.NewTopic[string, string]("out")
	zebra, ape := state.KeyValue[string, string]("zebra"), state.KeyValue[string, string]("ape")
	in := stream.From(b, topology.NewTopic[string, string]("in"))
	in.Process(func(*stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
		return func(stream.Record[string, string]) error { return nil }, nil
	}, topology.As("remember"), topology.WithStores(zebra, ape)).To(out)
	branches := in.Split(topology.As("kinds"))
	branches.Branch(func(_, v string) bool { return v == "a" }).To(out, topology.As("end"))
	branches.Default().ToFunc(func(r stream.Record[string, string]) string { return r.Value })
	stream.From(b, topology.NewTopic[string, string]("other")).ForEach(func(_, _ string) {})
}
