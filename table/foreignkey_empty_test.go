package table_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// A right row that encodes to nothing joins as if it were absent: Kafka Streams cannot tell the two apart on the response topic.
func TestForeignKeyJoinOfEmptyRow(t *testing.T) {
	t.Parallel()
	left, right := topology.NewTopic[string, string]("left"), topology.NewTopic[string, string]("right")
	out := topology.NewTopic[string, string]("out")
	b := topology.New("fk")
	joined := table.From(b, left).ForeignKeyJoin(table.From(b, right), func(v string) string { return v },
		func(l, r string) string { return l + "=" + r }, topology.As("fk"))
	stream.Changes(joined).To(out)
	d := testkit.New(t, topology.Must(b.Build()))
	d.Input(left).Pipe("a", "x", 1)  // waits
	d.Input(right).Pipe("x", "1", 2) // joined
	d.Input(right).Pipe("x", "", 3)  // as if deleted
	d.Input(left).Pipe("b", "x", 4)  // finds an empty row
	d.Input(right).Pipe("x", "2", 5)
	var got []string
	for _, r := range d.Output(out).ReadAll() {
		v := r.Value
		if r.Null {
			v = "null"
		}
		got = append(got, r.Key+": "+v)
	}
	if diff := cmp.Diff([]string{"a: x=1", "a: null", "b: null", "a: x=2", "b: x=2"}, got); diff != "" {
		t.Error(diff)
	}
}
