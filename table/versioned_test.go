package table_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

var (
	versionsIn  = topology.NewTopic[string, string]("versions")
	versionsOut = topology.NewTopic[string, string]("out")
	versionsToo = topology.NewTopic[string, string]("out-too")
)

// An update of the past is one of the past only: streams and derived tables see it, a store that is kept of it does, too, and
// joins do not.
func TestVersionedTable(t *testing.T) {
	t.Parallel()
	b := topology.New("versioned")
	rows := table.From(b, versionsIn, topology.As("rows"), topology.Versioned(time.Second))
	loud := rows.MapValues(func(v string) string { return v + "!" })
	stream.Changes(loud).To(versionsOut)
	loud.Filter(func(_, v string) bool { return v != "" }, topology.As("unversioned"))
	stream.Changes(loud.Join(rows, func(v, w string) string { return v + w })).To(versionsToo)
	d := testkit.New(t, topology.Must(b.Build()))
	in := d.Input(versionsIn)
	in.Pipe("k", "new", 2000)
	in.Pipe("k", "older", 1500)
	in.Pipe("k", "too old", 900)
	in.Pipe("k", "newest", 2500)
	if diff := cmp.Diff([]string{"new!", "older!", "newest!"}, d.Output(versionsOut).Values()); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	// One update reaches both sides of the join.
	if diff := cmp.Diff([]string{"new!new", "new!new", "newest!newest", "newest!newest"}, d.Output(versionsToo).Values()); diff != "" {
		t.Errorf("joined (-want +got):\n%s", diff)
	}
	for at, want := range map[int64]string{1400: "", 1500: "older", 1999: "older", 2000: "new", 9000: "newest"} {
		if r, ok := d.VersionAt[string, string]("rows", "k", at); r.Value != want || ok != (want != "") {
			t.Errorf("at %d there is %q, %v, want %q", at, r.Value, ok, want)
		}
	}
	if diff := cmp.Diff([]testkit.Row[string, string]{{Key: "k", Value: "newest!", Timestamp: 2500}}, d.Rows[string, string]("unversioned")); diff != "" {
		t.Errorf("the store that is kept (-want +got):\n%s", diff)
	}
	if n := d.Dropped(); n != 3 {
		t.Errorf("%d dropped, want 3: one is older than the history, one is late for both sides of the join:\n%s", n, strings.Join(d.Skips(), "\n"))
	}
}

// A table of a stream, and one that is derived of another, can be versioned, too, in memory as well.
func TestVersionedDerived(t *testing.T) {
	t.Parallel()
	b := topology.New("derived")
	rows := stream.From(b, versionsIn).ToTable(topology.As("rows"), topology.Versioned(time.Second), topology.InMemory())
	rows.MapValues(func(v string) string { return v + "!" }, topology.As("derived"), topology.Versioned(2*time.Second))
	d := testkit.New(t, topology.Must(b.Build()))
	d.Input(versionsIn).Pipe("k", "b", 20)
	d.Input(versionsIn).Pipe("k", "a", 10)
	for store, want := range map[string]string{"rows": "a", "derived": "a!"} {
		if r, ok := d.VersionAt[string, string](store, "k", 15); !ok || r.Value != want || r.Timestamp != 10 {
			t.Errorf("%s has %v, %v, want %q", store, r, ok, want)
		}
	}
}

func TestVersionedRefused(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		draw func(rows *table.Table[string, string])
		want string
	}{
		"suppressed": {func(rows *table.Table[string, string]) {
			rows.SuppressUntilTimeLimit(time.Second, topology.As("held"))
		}, "suppress a table that is made of it"},
		"an aggregation": {func(rows *table.Table[string, string]) {
			stream.Changes(rows).GroupByKey().Count(topology.As("n"), topology.Versioned(time.Hour))
		}, "it keeps no versions"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := topology.New("refused")
			row.draw(table.From(b, versionsIn, topology.As("rows"), topology.Versioned(time.Second)))
			if _, err := b.Build(); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("Build = %v, want an error with %q", err, row.want)
			}
		})
	}
}
