package operator_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

type part struct {
	Name   string
	hidden int
}

type whole struct {
	List  []part
	Map   map[string]part
	Ptr   *part
	Array [2]int
	Any   any
	When  time.Time
	plain int
}

// With round trips asked for, a value that loses something on its way through its serde fails, and the error says what.
func TestRoundTripFindsLoss(t *testing.T) {
	t.Parallel()
	local := time.Date(2026, 11, 24, 1, 2, 3, 4, time.Local)
	for _, row := range []struct {
		name  string
		value whole
		want  string // "": nothing is lost
	}{
		{"nothing", whole{List: []part{{Name: "a"}}, Map: map[string]part{"k": {Name: "b"}}, Ptr: &part{Name: "c"}, Array: [2]int{1, 2}}, ""},
		{"zero", whole{}, ""},
		{"a time, whose inside is its own", whole{When: local}, ""},
		{"what an interface holds may come back as another type", whole{Any: part{Name: "a", hidden: 1}}, ""},
		{"empty and nil are one", whole{List: []part{}, Map: map[string]part{}}, ""},
		{"a field", whole{plain: 1}, "operator_test.whole.plain"},
		{"in a list", whole{List: []part{{Name: "a"}, {Name: "b", hidden: 1}}}, "operator_test.whole.List[1].hidden"},
		{"in a map", whole{Map: map[string]part{"k": {Name: "b", hidden: 1}}}, "operator_test.whole.Map[k].hidden"},
		{"behind a pointer", whole{Ptr: &part{Name: "a", hidden: 1}}, "operator_test.whole.Ptr.hidden"},
	} {
		for name, vs := range map[string]serde.Serde[whole]{"msgpack": serde.MsgPack[whole](), "json": serde.JSON[whole]()} {
			t.Run(row.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				b := topology.New("round")
				in := topology.NewTopic[string, string]("in")
				stream.From(b, in).MapValues(func(string) whole { return row.value }, topology.As("made"), topology.WithValueSerde(vs)).
					To(topology.Topic[string, whole]{Name: "out", Value: vs})
				topo, err := b.Build()
				noError(t, err)
				noError(t, open(t, topo, 0, engine.Config{}).pipe("in", []byte("k"), []byte("v")))
				err = open(t, topo, 0, engine.Config{RoundTrip: true}).pipe("in", []byte("k"), []byte("v"))
				if row.want == "" {
					noError(t, err)
					return
				}
				var u *graph.UserError
				if !errors.As(err, &u) || u.Node.Name != "made" || !strings.Contains(err.Error(), "the serde loses "+row.want+":") {
					t.Errorf("got %v, want the loss of %s", err, row.want)
				}
			})
		}
	}
}

// A value that a callback changes after it was forwarded is found, with the operator that forwarded it.
func TestRoundTripFindsChange(t *testing.T) {
	t.Parallel()
	b := topology.New("changed")
	lists := stream.From(b, topology.NewTopic[string, string]("in")).MapValues(func(v string) []string { return strings.Fields(v) }, topology.As("fields"))
	lists.Peek(func(_ string, v []string) {
		if v[0] == "bad" {
			v[0] = "changed"
		}
	}).To(topology.NewTopic[string, []string]("out"))
	r := open(t, topology.Must(b.Build()), 0, engine.Config{RoundTrip: true})
	noError(t, r.pipe("in", []byte("k"), []byte("good")))
	noError(t, r.pipe("in", []byte("k"), nil))
	err := r.pipe("in", []byte("k"), []byte("bad"))
	var u *graph.UserError
	if !errors.As(err, &u) || u.Node.Name != "fields" || !strings.Contains(err.Error(), "changed after it was forwarded") {
		t.Errorf("got %v", err)
	}
}

// A serde that does not encode or decode a value is an error of the operator that made it.
func TestRoundTripRefused(t *testing.T) {
	t.Parallel()
	for name, vs := range map[string]oneWay{"encode": {encode: errOneWay}, "decode": {decode: errOneWay}} {
		b := topology.New("one-way")
		stream.From(b, topology.NewTopic[string, string]("in")).Filter(func(string, string) bool { return true }).
			MapValues(func(v string) string { return v }, topology.As("made")).
			Repartition(topology.As("again"), topology.WithValueSerde[string](vs))
		r := open(t, topology.Must(b.Build()), 1, engine.Config{RoundTrip: true})
		if err := r.pipe("-again-repartition", []byte("k"), []byte("v")); !errors.Is(err, errOneWay) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

var errOneWay = errors.New("one way")

type oneWay struct{ encode, decode error }

func (s oneWay) Append(dst []byte, v string) ([]byte, error) { return append(dst, v...), s.encode }
func (s oneWay) Decode(src []byte) (string, error)           { return string(src), s.decode }
