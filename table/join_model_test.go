package table_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

type (
	texts  = table.Table[string, string]
	rowsOf = map[string]string
)

func both(l, r string) string          { return "[" + l + "," + r + "]" }
func left(l, r string, ok bool) string { return outer(l, true, r, ok) }
func short(_, v string) bool           { return len(v) < 4 }
func shown(v string, ok bool) string   { return map[bool]string{true: v, false: "none"}[ok] }
func outer(l string, okL bool, r string, okR bool) string {
	return both(shown(l, okL), shown(r, okR))
}

// matched is a join by its definition: for each key the joiner's word, if it has one for what there is.
func matched(l, r rowsOf, join func(l string, okL bool, r string, okR bool) (string, bool)) rowsOf {
	rows := rowsOf{}
	for _, side := range []rowsOf{l, r} {
		for k := range side {
			a, okA := l[k]
			b, okB := r[k]
			if v, ok := join(a, okA, b, okB); ok {
				rows[k] = v
			}
		}
	}
	return rows
}

func innerOf(l, r rowsOf) rowsOf {
	return matched(l, r, func(a string, okA bool, b string, okB bool) (string, bool) { return both(a, b), okA && okB })
}

func leftOf(l, r rowsOf) rowsOf {
	return matched(l, r, func(a string, okA bool, b string, okB bool) (string, bool) { return left(a, b, okB), okA })
}

func outerOf(l, r rowsOf) rowsOf {
	return matched(l, r, func(a string, okA bool, b string, okB bool) (string, bool) { return outer(a, okA, b, okB), true })
}

func shortOf(rows rowsOf) rowsOf {
	kept := maps.Clone(rows)
	maps.DeleteFunc(kept, func(k, v string) bool { return !short(k, v) })
	return kept
}

// joins are topologies over three tables, and what they must show.
var joins = []struct {
	name  string
	draw  func(a, b, c *texts, opts func(name string) []topology.Option) *texts
	model func(a, b, c rowsOf) rowsOf
}{
	{
		"inner", func(a, b, _ *texts, opts func(string) []topology.Option) *texts { return a.Join(b, both, opts("j")...) },
		func(a, b, _ rowsOf) rowsOf { return innerOf(a, b) },
	},
	{
		"left", func(a, b, _ *texts, opts func(string) []topology.Option) *texts {
			return a.LeftJoin(b, left, opts("j")...)
		},
		func(a, b, _ rowsOf) rowsOf { return leftOf(a, b) },
	},
	{
		"outer", func(a, b, _ *texts, opts func(string) []topology.Option) *texts {
			return a.OuterJoin(b, outer, opts("j")...)
		},
		func(a, b, _ rowsOf) rowsOf { return outerOf(a, b) },
	},
	{
		"left of what is filtered", func(a, b, _ *texts, opts func(string) []topology.Option) *texts {
			return a.Filter(short).LeftJoin(b.Filter(short), left, opts("j")...)
		},
		func(a, b, _ rowsOf) rowsOf { return leftOf(shortOf(a), shortOf(b)) },
	},
	{
		"outer of what is filtered, filtered", func(a, b, _ *texts, opts func(string) []topology.Option) *texts {
			return a.Filter(short, opts("a-short")...).OuterJoin(b.Filter(short), outer).Filter(func(_, v string) bool { return len(v)%2 == 0 }, opts("j")...)
		},
		func(a, b, _ rowsOf) rowsOf {
			rows := outerOf(shortOf(a), shortOf(b))
			maps.DeleteFunc(rows, func(_, v string) bool { return len(v)%2 != 0 })
			return rows
		},
	},
	{
		"outer, outer, on the right", func(a, b, c *texts, opts func(string) []topology.Option) *texts {
			return c.OuterJoin(a.OuterJoin(b, outer), outer, opts("j")...)
		},
		func(a, b, c rowsOf) rowsOf { return outerOf(c, outerOf(a, b)) },
	},
	{
		"inner, left, looked up", func(a, b, c *texts, opts func(string) []topology.Option) *texts {
			return a.LeftJoin(b, left).Join(c, both, opts("j")...)
		},
		func(a, b, c rowsOf) rowsOf { return innerOf(leftOf(a, b), c) },
	},
	{
		"left of inner", func(a, b, c *texts, opts func(string) []topology.Option) *texts {
			return a.LeftJoin(b.Join(c, both, opts("bc")...), left, opts("j")...)
		},
		func(a, b, c rowsOf) rowsOf { return leftOf(a, innerOf(b, c)) },
	},
}

// Whatever comes in whatever order, a join of tables shows what its definition says: with and without stores for the
// results, per update and per commit, over several partitions.
func TestJoinsLikeTheirModels(t *testing.T) {
	t.Parallel()
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	ways := map[string]func(name string) []topology.Option{
		"looked up": func(string) []topology.Option { return nil },
		"kept":      func(name string) []topology.Option { return []topology.Option{topology.As(name)} },
		"told at commits": func(name string) []topology.Option {
			return []topology.Option{topology.As(name), topology.EmitOnCommit()}
		},
	}
	for _, j := range joins {
		for way, opts := range ways {
			t.Run(j.name+", "+way, func(t *testing.T) {
				t.Parallel()
				rnd := rand.New(rand.NewPCG(s, uint64(len(j.name)*7+len(way))))
				for range 4 {
					if diff := runJoin(t, rnd, j.draw, j.model, opts); diff != "" {
						t.Fatalf("go test ./table -run TestJoinsLikeTheirModels -args -seed %d: %s", s, diff)
					}
				}
			})
		}
	}
}

func runJoin(t *testing.T, rnd *rand.Rand, draw func(a, b, c *texts, opts func(string) []topology.Option) *texts,
	model func(a, b, c rowsOf) rowsOf, opts func(string) []topology.Option,
) string {
	t.Helper()
	topics := []topology.Topic[string, string]{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	out := topology.NewTopic[string, string]("out")
	b := topology.New("joins")
	var inputs []*texts
	for _, tp := range topics {
		inputs = append(inputs, table.From(b, tp, opts("in-"+tp.Name)...))
	}
	draw(inputs[0], inputs[1], inputs[2], opts).To(out)
	d := testkit.New(t, topology.Must(b.Build()), testkit.Partitions(1+rnd.Int32N(3)), testkit.CommitEvery(1+rnd.IntN(5)))
	rows, want := rowsOf{}, []rowsOf{{}, {}, {}}
	var history []string
	for n := range 100 {
		side, k := rnd.IntN(3), string(rune('x'+rnd.IntN(3)))
		v := strings.Repeat(topics[side].Name, rnd.IntN(6))
		if v == "" {
			d.Input(topics[side]).PipeNull(k, rnd.Int64N(100))
			delete(want[side], k)
		} else {
			d.Input(topics[side]).Pipe(k, v, rnd.Int64N(100))
			want[side][k] = v
		}
		history = append(history, fmt.Sprintf("%s %s=%q", topics[side].Name, k, v))
		if n%7 > 0 {
			continue
		}
		d.Commit()
		for _, r := range d.Output(out).ReadAll() {
			if r.Null {
				delete(rows, r.Key)
			} else {
				rows[r.Key] = r.Value
			}
		}
		if diff := cmp.Diff(model(want[0], want[1], want[2]), rows); diff != "" {
			return strings.Join(history, "; ") + ": " + diff
		}
	}
	return ""
}
