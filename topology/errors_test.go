package topology_test

import (
	"context"
	"fmt"
	"iter"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

var (
	images   = topology.NewTopic[string, string]("images")
	plates   = topology.NewTopic[string, string]("plates")
	archive  = topology.NewTopic[string, string]("archive")
	oneHour  = window.Tumbling(time.Hour, window.NoGrace)
	sessions = window.Session(time.Minute, time.Minute)
	// place is the part of a text that changes when this file does.
	place = regexp.MustCompile(`_test\.go:\d+`)
)

func files(b *topology.Builder) *stream.Stream[string, string] { return stream.From(b, images) }
func keyed(b *topology.Builder) *stream.Grouped[string, string] {
	return files(b).GroupByKey()
}
func status(b *topology.Builder) *table.Table[string, string] { return table.From(b, plates) }
func well(_, file string) string                              { return file }
func zero() int64                                             { return 0 }
func one(n int64, _, _ string) int64                          { return n + 1 }
func two(n int64, _, _ string) (int64, bool)                  { return n + 1, true }
func pair(a, b string) string                                 { return a + b }

// A mistake names the operator, where it was called, and what to change.
func TestBuildErrors(t *testing.T) {
	t.Parallel()
	type opaque struct{ hidden int }
	for _, tc := range []struct {
		name string
		draw func(b *topology.Builder)
		want string
	}{
		{"filter", func(b *topology.Builder) { files(b).Filter(nil) }, "filter: the predicate is nil: give a function"},
		{"filter not", func(b *topology.Builder) { files(b).FilterNot(nil) }, "filter-not: the predicate is nil: give a function"},
		{"map values", func(b *topology.Builder) { files(b).MapValues[int](nil) }, "map-values: the mapper is nil: give a function"},
		{"map values with key", func(b *topology.Builder) { files(b).MapValuesWithKey[int](nil) }, "map-values: the mapper is nil: give a function"},
		{"map", func(b *topology.Builder) { files(b).Map[int, int](nil) }, "map: the mapper is nil: give a function"},
		{"flat map", func(b *topology.Builder) { files(b).FlatMap((func(string, string) iter.Seq2[int, int])(nil)) }, "flat-map: the mapper is nil: give a function"},
		{"flat map values", func(b *topology.Builder) { files(b).FlatMapValues[int](nil) }, "flat-map-values: the mapper is nil: give a function"},
		{"flat map values with key", func(b *topology.Builder) { files(b).FlatMapValuesWithKey[int](nil) }, "flat-map-values: the mapper is nil: give a function"},
		{"select key", func(b *topology.Builder) { files(b).SelectKey[int](nil) }, "select-key: the key selector is nil: give a function"},
		{"peek", func(b *topology.Builder) { files(b).Peek(nil) }, "peek: the callback is nil: give a function"},
		{"for each", func(b *topology.Builder) { files(b).ForEach(nil) }, "for-each: the callback is nil: give a function"},
		{"process values", func(b *topology.Builder) {
			files(b).ProcessValues((func(context.Context, stream.Record[string, string]) (int, error))(nil))
		}, "process-values: the callback is nil: give a function"},
		{"process", func(b *topology.Builder) { files(b).Process[int, int](nil) }, "process: the processor is nil: give a function"},
		{"to func", func(b *topology.Builder) { files(b).ToFunc(nil) }, "to: the choice of a topic is nil: give a function"},
		{"branch", func(b *topology.Builder) { files(b).Split().Branch(nil) }, "branch: the predicate is nil: give a function"},
		{"group by", func(b *topology.Builder) { files(b).GroupBy[int](nil).Count(topology.As("n")) }, "group-by: the key selector is nil: give a function"},
		{"reduce", func(b *topology.Builder) { keyed(b).Reduce(nil, topology.As("n")) }, "reduce: the reducer is nil: give a function"},
		{
			"aggregate", func(b *topology.Builder) { keyed(b).Aggregate[int](nil, nil, topology.As("n")) },
			"aggregate: the initialiser is nil: give a function\naggregate: the aggregator is nil: give a function",
		},
		{
			"aggregate or delete", func(b *topology.Builder) { keyed(b).AggregateOrDelete[int](nil, nil, topology.As("n")) },
			"aggregate: the initialiser is nil: give a function\naggregate: the aggregator is nil: give a function",
		},
		{"windowed reduce", func(b *topology.Builder) { keyed(b).WindowedBy(oneHour).Reduce(nil, topology.As("n")) }, "windowed-reduce: the reducer is nil: give a function"},
		{
			"windowed aggregate", func(b *topology.Builder) { keyed(b).WindowedBy(oneHour).Aggregate(zero, nil, topology.As("n")) },
			"windowed-aggregate: the aggregator is nil: give a function",
		},
		{
			"windowed aggregate or delete", func(b *topology.Builder) { keyed(b).WindowedBy(oneHour).AggregateOrDelete(nil, two, topology.As("n")) },
			"windowed-aggregate: the initialiser is nil: give a function",
		},
		{"session reduce", func(b *topology.Builder) { keyed(b).WindowedBySession(sessions).Reduce(nil, topology.As("n")) }, "session-reduce: the reducer is nil: give a function"},
		{"session aggregate", func(b *topology.Builder) {
			keyed(b).WindowedBySession(sessions).Aggregate(zero, one, nil, topology.As("n"))
		}, "session-aggregate: the merger is nil: give a function"},
		{"session aggregate or delete", func(b *topology.Builder) {
			keyed(b).WindowedBySession(sessions).AggregateOrDelete(zero, two, nil, topology.As("n"))
		}, "session-aggregate: the merger is nil: give a function"},
		{"join table", func(b *topology.Builder) { files(b).JoinTable[string, int](status(b), nil) }, "join-table: the joiner is nil: give a function"},
		{"left join table", func(b *topology.Builder) { files(b).LeftJoinTable[string, int](status(b), nil) }, "left-join-table: the joiner is nil: give a function"},
		{"table filter", func(b *topology.Builder) { status(b).Filter(nil) }, "table-filter: the predicate is nil: give a function"},
		{"table filter not", func(b *topology.Builder) { status(b).FilterNot(nil) }, "table-filter-not: the predicate is nil: give a function"},
		{"table map values", func(b *topology.Builder) { status(b).MapValues[int](nil) }, "table-map-values: the mapper is nil: give a function"},
		{"table join", func(b *topology.Builder) { status(b).Join[string, int](table.From(b, images), nil) }, "table-join: the joiner is nil: give a function"},
		{"foreign key join", func(b *topology.Builder) {
			status(b).ForeignKeyJoin[string, string, int](table.From(b, images), nil, nil, topology.As("n"))
		}, "foreign-key-join: the foreign key extractor is nil: give a function\nforeign-key-join: the joiner is nil: give a function"},

		{"no name: a store", func(b *topology.Builder) { keyed(b).Count() }, unnamed("count", "a store")},
		{"no name: a window store", func(b *topology.Builder) { keyed(b).WindowedBy(oneHour).Count() }, unnamed("windowed-count", "a store")},
		{"no name: a session store", func(b *topology.Builder) { keyed(b).WindowedBySession(sessions).Count() }, unnamed("session-count", "a store")},
		{"no name: repartition", func(b *topology.Builder) { files(b).Repartition() }, unnamed("repartition", "a repartition topic")},
		{
			"no name: a join after select key", func(b *topology.Builder) { files(b).SelectKey(well).JoinTable(status(b), pair) },
			unnamed("join-table", "a repartition topic (the key has changed)"),
		},
		{
			"no name: a table after select key", func(b *topology.Builder) { files(b).SelectKey(well).ToTable() },
			unnamed("to-table", "a repartition topic (the key has changed)"),
		},
		{"no name: a table that is looked up", func(b *topology.Builder) { files(b).JoinTable(stream.Changes(status(b)).ToTable(), pair) }, unnamed("to-table", "a store")},
		{
			"no name: a foreign key join", func(b *topology.Builder) { status(b).ForeignKeyJoin(table.From(b, images), strings.ToUpper, pair) },
			unnamed("foreign-key-join", "stores and internal topics"),
		},
		{"names no topic could have", func(b *topology.Builder) {
			files(b).Repartition(topology.As("by well"))
			stream.From(b, topology.NewTopic[string, string]("")).To(topology.NewTopic[string, string]("a/b"))
		}, "topology: \"by well\" is no topic name: use up to 249 letters, digits, '.', '_' and '-'\n" +
			"topology: \"\" is no topic name: use up to 249 letters, digits, '.', '_' and '-'\n" +
			"topology: \"a/b\" is no topic name: use up to 249 letters, digits, '.', '_' and '-'"},
		{
			"a name no store could have", func(b *topology.Builder) { keyed(b).Count(topology.As("per well")) },
			"topology: the store's name \"per well\" cannot name its changelog: use letters, digits, '.', '_' and '-'",
		},

		{"two operators of one name", func(b *topology.Builder) {
			files(b).Filter(func(_, _ string) bool { return true }, topology.As("a")).Peek(func(_, _ string) {}, topology.As("a"))
		}, taken("peek", "a")},
		{"two stores of one name", func(b *topology.Builder) {
			g := keyed(b)
			g.Count(topology.As("n"))
			g.Reduce(pair, topology.As("n"))
		}, taken("reduce", "n")},
		{"two repartition topics of one name", func(b *topology.Builder) {
			s := files(b).SelectKey(well)
			s.Repartition(topology.As("by-well"))
			s.Repartition(topology.As("by-well"))
		}, `repartition: repartition topic "by-well" is made at errors_test.go:N already: give this one another name`},
		{"a described store of a taken name", func(b *topology.Builder) {
			keyed(b).Count(topology.As("n"))
			stream.From(b, plates).Process(idle, topology.WithStores(state.KeyValue[string, string]("n")))
		}, taken("process", "n")},
		{
			"a topic read twice", func(b *topology.Builder) { files(b); table.From(b, images) },
			`table.From: topic "images" is read at errors_test.go:N already: use that stream twice instead`,
		},

		{
			"a type without bytes", func(b *topology.Builder) { stream.From(b, topology.NewTopic[string, opaque]("opaque")) },
			"stream.From: no value serde: serde: topology_test.opaque: no field is exported, so everything in it would be lost: export what is to be written, or give the type AppendBinary and UnmarshalBinary",
		},
		{"a key without order", func(b *topology.Builder) {
			files(b).GroupBy(func(_, _ string) map[string]int { return nil }).Count(topology.As("n"))
		}, "group-by: no key serde: serde: map[string]int as a key: a map has no order, so equal keys could be different bytes: key by a string, an integer or a struct of such, or give the type AppendBinary and UnmarshalBinary"},
		{
			"a serde of another type", func(b *topology.Builder) { keyed(b).Count(topology.As("n"), topology.WithValueSerde(serde.String())) },
			"count: the value serde given is a serde.stringSerde, which is none for int64: give one for that type, or leave the option out",
		},
		{"an extractor of another type", func(b *topology.Builder) {
			stream.From(b, images, topology.Extractor(func(string, int64, int64, int64) int64 { return 0 }))
		}, "stream.From: the timestamp extractor is a func(string, int64, int64, int64) int64, not one for the topic's types: give a func(string, string, int64, int64) int64"},

		{"a negative window", func(b *topology.Builder) {
			keyed(b).WindowedBy(window.Tumbling(-time.Second, window.NoGrace)).Count(topology.As("n"))
		}, "windowed-by: window: Tumbling(-1s, 0s): size is negative: make it at least 0"},
		{"windows with gaps between them", func(b *topology.Builder) {
			keyed(b).WindowedBy(window.Hopping(time.Second, time.Minute, window.NoGrace)).Count(topology.As("n"))
		}, "windowed-by: window: Hopping(1s, 1m0s, 0s): records between windows would be lost: make advance at most the size, 1s"},
		{"a negative gap", func(b *topology.Builder) {
			keyed(b).WindowedBySession(window.Session(-time.Second, window.NoGrace)).Count(topology.As("n"))
		}, "windowed-by-session: window: Session(-1s, 0s): gap is negative: make it at least 0"},
		{
			"an empty definition", func(b *topology.Builder) { keyed(b).WindowedBy(window.TimeWindow{}).Count(topology.As("n")) },
			"windowed-by: window: a TimeWindow is made with Tumbling, Hopping, Sliding or Unlimited, this one is empty",
		},
		{"a retention shorter than the window", func(b *topology.Builder) {
			keyed(b).WindowedBy(oneHour).Count(topology.As("n"), topology.Retention(time.Minute))
		}, "windowed-count: a retention of 1m0s is shorter than the window with its grace (3600000 ms): keep rows at least that long"},
		{
			"a retention of a store that keeps all", func(b *topology.Builder) { keyed(b).Count(topology.As("n"), topology.Retention(time.Minute)) },
			"count: a retention of 1m0s is for the stores of windows and sessions, and this one keeps every row: leave topology.Retention out",
		},
		{
			"a negative number of partitions", func(b *topology.Builder) { files(b).Repartition(topology.As("n"), topology.Partitions(-1)) },
			"repartition: -1 partitions: give a positive number, or none to have as many as the input",
		},

		{"a split without branches", func(b *topology.Builder) { files(b).Split() }, "split: no branch takes its records: call Branch or Default on it, or leave it out"},
		{"a branch after the default", func(b *topology.Builder) {
			s := files(b).Split()
			s.Default()
			s.Branch(func(_, _ string) bool { return true })
		}, "branch: a branch after the default one gets no records: put Default last"},
		{"two defaults", func(b *topology.Builder) {
			s := files(b).Split()
			s.Default()
			s.Default()
		}, "default-branch: there is a default branch already: use that stream twice"},
		{
			"groups that nothing aggregates", func(b *topology.Builder) { keyed(b).WindowedBy(oneHour) },
			"group-by-key: nothing aggregates the groups: call Count, Reduce or Aggregate on them, or leave it out",
		},

		{
			"merge of another topology", func(b *topology.Builder) { files(b).Merge(files(topology.New("other"))) },
			"merge: the other stream is of another topology: streams of one Builder can be merged",
		},
		{"merge of nothing", func(b *topology.Builder) { files(b).Merge(nil) }, "merge: the other stream is nil: give a stream of this Builder"},
		{
			"join of another topology", func(b *topology.Builder) { files(b).JoinTable(status(topology.New("other")), pair) },
			"join-table: the table is of another topology: a stream and a table of one Builder can be joined",
		},
		{"join of nothing", func(b *topology.Builder) { files(b).JoinTable[string](nil, pair) }, "join-table: the table is nil: give a table of this Builder"},
		{
			"table join of another topology", func(b *topology.Builder) { status(b).Join(status(topology.New("other")), pair) },
			"table-join: the other table is of another topology: tables of one Builder can be joined",
		},
		{"table join of nothing", func(b *topology.Builder) { status(b).Join[string](nil, pair) }, "table-join: the other table is nil: give a table of this Builder"},
		{"foreign key join of nothing", func(b *topology.Builder) {
			status(b).ForeignKeyJoin[string, string](nil, strings.ToUpper, pair, topology.As("n"))
		}, "foreign-key-join: the other table is nil: give a table of this Builder"},
		{"foreign key join of another topology", func(b *topology.Builder) {
			status(b).ForeignKeyJoin(status(topology.New("other")), strings.ToUpper, pair, topology.As("n"))
		}, "foreign-key-join: the other table is of another topology: tables of one Builder can be joined"},
		{"left table join", func(b *topology.Builder) { status(b).LeftJoin[string, int](table.From(b, images), nil) }, "table-left-join: the joiner is nil: give a function"},
		{"outer table join", func(b *topology.Builder) { status(b).OuterJoin[string, int](table.From(b, images), nil) }, "table-outer-join: the joiner is nil: give a function"},
		{"left foreign key join", func(b *topology.Builder) {
			status(b).LeftForeignKeyJoin[string, string, int](table.From(b, images), nil, nil, topology.As("n"))
		}, "left-foreign-key-join: the foreign key extractor is nil: give a function\nleft-foreign-key-join: the joiner is nil: give a function"},
		{"left foreign key join without a name", func(b *topology.Builder) {
			status(b).LeftForeignKeyJoinWithKey(table.From(b, images), pair, func(string, string, bool) string { return "" })
		}, unnamed("left-foreign-key-join", "stores and internal topics")},
		{"foreign key join with key", func(b *topology.Builder) {
			status(b).ForeignKeyJoinWithKey[string, string, int](nil, nil, nil, topology.As("n"))
		}, "foreign-key-join: the foreign key extractor is nil: give a function\nforeign-key-join: the joiner is nil: give a function\n" +
			"foreign-key-join: the other table is nil: give a table of this Builder"},
		{"join global", func(b *topology.Builder) {
			files(b).JoinGlobal[string, string, int](table.FromGlobal(b, plates), nil, nil)
		}, "join-global: the key selector is nil: give a function\njoin-global: the joiner is nil: give a function"},
		{"left join global of nothing", func(b *topology.Builder) {
			files(b).LeftJoinGlobal[string, string, int](nil, well, nil)
		}, "left-join-global: the joiner is nil: give a function\nleft-join-global: the global table is nil: give one of this Builder"},
		{
			"join global of another topology", func(b *topology.Builder) {
				files(b).JoinGlobal(table.FromGlobal(topology.New("other"), plates), well, pair)
			},
			"join-global: the global table is of another topology: a stream and a global table of one Builder can be joined",
		},
		{"a global table of a topic that is read", func(b *topology.Builder) {
			files(b)
			table.FromGlobal(b, images)
		}, `table.FromGlobal: topic "images" is read at errors_test.go:N already: a topic is read once, as a stream, a table or a global table`},
		{"a topic that a global table reads", func(b *topology.Builder) {
			table.FromGlobal(b, images)
			files(b)
		}, `stream.From: topic "images" is read at errors_test.go:N already: use that stream twice instead`},
		{"a global table's name that is taken", func(b *topology.Builder) {
			files(b).ToTable(topology.As("rows"))
			table.FromGlobal(b, plates, topology.As("rows"))
		}, taken("table.FromGlobal", "rows")},
		{"a name that a global table has", func(b *topology.Builder) {
			table.FromGlobal(b, plates, topology.As("rows"))
			keyed(b).Count(topology.As("rows"))
		}, taken("count", "rows")},
		{
			"a global table with versions", func(b *topology.Builder) {
				files(b)
				table.FromGlobal(b, plates, topology.Versioned(time.Hour))
			}, "table.FromGlobal: a global table keeps no versions: leave topology.Versioned out",
		},
		{"a global table without a type", func(b *topology.Builder) {
			files(b)
			table.FromGlobal(b, topology.NewTopic[string, opaque]("plates"))
		}, "table.FromGlobal: no value serde: serde: topology_test.opaque: no field is exported, so everything in it would be lost: export what is to be written, or give the type AppendBinary and UnmarshalBinary"},
		{"a global table's topic", func(b *topology.Builder) {
			files(b)
			table.FromGlobal(b, topology.NewTopic[string, string]("no name"))
		}, `topology: "no name" is no topic name: use up to 249 letters, digits, '.', '_' and '-'`},
		{"a store of another topology", func(b *topology.Builder) {
			st := state.KeyValue[string, string]("rows")
			files(topology.New("other")).Process(idle, topology.WithStores(st))
			files(b).Process(idle, topology.WithStores(st))
		}, `process: store "rows" is used in another topology, at errors_test.go:N: describe it once for each`},
		{"a described store without a type", func(b *topology.Builder) {
			files(b).Process(idle, topology.WithStores(state.KeyValue[string, opaque]("rows")))
		}, "state.KeyValue: no value serde: serde: topology_test.opaque: no field is exported, so everything in it would be lost: export what is to be written, or give the type AppendBinary and UnmarshalBinary"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := topology.New("errors")
			tc.draw(b)
			topo, err := b.Build()
			if err == nil || topo != nil {
				t.Fatalf("Build = %v, %v", topo, err)
			}
			want := "errors_test.go:N: " + strings.ReplaceAll(tc.want, "\n", "\nerrors_test.go:N: ")
			if diff := cmp.Diff(want, place.ReplaceAllString(err.Error(), "_test.go:N")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func idle(*stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
	return func(stream.Record[string, string]) error { return nil }, nil
}

func unnamed(op, what string) string {
	return op + ": creates " + what + ` and needs a name that stays when the topology changes: add topology.As("...")`
}

func taken(op, name string) string {
	return op + ": the name \"" + name + "\" is taken at errors_test.go:N: give one of them another, names of operators and stores are unique in a topology"
}

// Errors come all at once, in the order of the calls, with the lines of the calls.
func TestBuildTellsAll(t *testing.T) {
	t.Parallel()
	b := topology.New("all")
	s := files(b)
	_, _, line, _ := runtime.Caller(0) //nolint:dogsled // the line is what is wanted
	s.Filter(nil)
	s.GroupByKey().
		WindowedBy(window.Tumbling(0, 0)).
		Count()
	s.Split()
	s.To(archive)
	_, err := b.Build()
	want := fmt.Sprintf(`errors_test.go:%d: filter: the predicate is nil: give a function
errors_test.go:%d: windowed-by: window: Tumbling(0s, 0s): size is zero: make it at least 1ms
errors_test.go:%d: windowed-count: creates a store and needs a name that stays when the topology changes: add topology.As("...")
errors_test.go:%d: split: no branch takes its records: call Branch or Default on it, or leave it out`, line+1, line+3, line+4, line+5)
	if diff := cmp.Diff(want, fmt.Sprint(err)); diff != "" {
		t.Error(diff)
	}
}

func TestBuildOfNothing(t *testing.T) {
	t.Parallel()
	_, err := topology.New("no good").Build()
	want := "topology.New: topology: the name \"no good\" cannot prefix a topic: use letters, digits, '.', '_' and '-'\n" +
		"topology.New: topology: \"no good\" has no operators: start with stream.From or table.From"
	if diff := cmp.Diff(want, fmt.Sprint(err)); diff != "" {
		t.Error(diff)
	}
}

// What is built stays as it is: an operator that comes later is an error of the next Build, and changes nothing.
func TestDrawingAfterBuild(t *testing.T) {
	t.Parallel()
	b := topology.New("late")
	s := files(b)
	s.To(archive)
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	before := topo.Describe()
	s.SelectKey(well).GroupByKey().Count(topology.As("n"))
	if diff := cmp.Diff(before, topo.Describe()); diff != "" {
		t.Error(diff)
	}
	_, err = b.Build()
	if err == nil || !strings.Contains(err.Error(), "select-key: used after Build: draw the whole topology first") {
		t.Errorf("Build = %v", err)
	}
}

func TestMustPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if got := fmt.Sprint(recover()); !strings.Contains(got, "has no operators") {
			t.Errorf("panicked with %s", got)
		}
	}()
	topology.Must(topology.New("empty").Build())
}
