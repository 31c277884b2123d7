package conformance

import (
	"fmt"
	"iter"

	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
)

// windowRows are the look-ups that both kinds of window stores have.
type windowRows[S, V text] interface {
	Fetch(k S, first, last int64) iter.Seq2[state.WindowRow[S, V], error]
	FetchBackward(k S, first, last int64) iter.Seq2[state.WindowRow[S, V], error]
	FetchRange(k state.Keys[S], first, last int64) iter.Seq2[state.WindowRow[S, V], error]
	FetchRangeBackward(k state.Keys[S], first, last int64) iter.Seq2[state.WindowRow[S, V], error]
}

// fetched runs the commands that list rows of windows.
func fetched[S, V text](rows windowRows[S, V], size int64, c command) (string, error) {
	var from, to int64
	row := func(r state.WindowRow[S, V]) string {
		return fmt.Sprintf("%s@%d-%d=%s", show(r.Key), r.Start, r.Start+size, show(r.Value))
	}
	ofOne := func(r state.WindowRow[S, V]) string { return fmt.Sprintf("%d=%s", r.Start, show(r.Value)) }
	fields := map[string]int{"fetch": 1, "bfetch": 1, "rfetch": 2, "brfetch": 2}[c.name]
	if c.name == "all" || c.name == "ball" {
		to = always
	} else if err := c.numbers(fields, &from, &to); err != nil {
		return "", err
	}
	switch c.name {
	case "fetch":
		return listed(rows.Fetch(is[S](c.args[0]), from, to), ofOne)
	case "bfetch":
		return listed(rows.FetchBackward(is[S](c.args[0]), from, to), ofOne)
	case "rfetch":
		return listed(rows.FetchRange(keys[S](c.args[0], c.args[1]), from, to), row)
	case "brfetch":
		return listed(rows.FetchRangeBackward(keys[S](c.args[0], c.args[1]), from, to), row)
	case "fetchAll", "all":
		return listed(rows.FetchRange(state.Keys[S]{}, from, to), row)
	case "bfetchAll", "ball":
		return listed(rows.FetchRangeBackward(state.Keys[S]{}, from, to), row)
	default:
		return "", c.unknown()
	}
}

func storeWindow[S text](x *drawing[S]) {
	size := x.millis("windowSizeMs").Milliseconds()
	x.plainWin("st", size)
	spec := state.Window[S, S]("st", x.millis("retentionMs"), x.kind()...)
	interpreted(x, spec, func(c *stream.Context[S, S]) (func(command) (string, error), error) {
		st, err := spec.Open(c)
		return func(c command) (string, error) {
			var start int64
			switch c.name {
			case "put":
				if err := c.numbers(2, &start); err != nil {
					return "", err
				}
				if absent(c.args[1]) {
					return "ok", st.Delete(is[S](c.args[0]), start)
				}
				return "ok", st.Put(is[S](c.args[0]), start, is[S](c.args[1]))
			case "fetch1":
				if err := c.numbers(1, &start); err != nil {
					return "", err
				}
				return found(st.Get(is[S](c.args[0]), start))
			default:
				return fetched(st, size, c)
			}
		}, err
	})
}

// storeDuplicates has values that can be nil whatever S is, since a null that is put moves the time of a store in memory. It has
// no look-up of one row, which makes no sense where there may be several. Kafka Streams has: on disk it finds the row that was
// put last, of all keys, and in memory none.
func storeDuplicates[S text](x *drawing[S]) {
	spec := state.WindowDuplicates[S, *string]("st", x.millis("retentionMs"), x.kind()...)
	onDisk := x.params.Text("store") != "inmemory"
	interpreted(x, spec, func(c *stream.Context[S, S]) (func(command) (string, error), error) {
		st, err := spec.Open(c)
		lastKey, lastStart := "", int64(-1)
		return func(c command) (string, error) {
			var start int64
			switch c.name {
			case "put":
				if err := c.numbers(2, &start); err != nil {
					return "", err
				}
				if absent(c.args[1]) {
					return "ok", st.Add(is[S](c.args[0]), start, nil)
				}
				lastKey, lastStart = c.args[0], start
				return "ok", st.Add(is[S](c.args[0]), start, &c.args[1])
			case "fetch1":
				if err := c.numbers(1, &start); err != nil {
					return "", err
				}
				if !onDisk || c.args[0] != lastKey || start != lastStart {
					return "null", nil
				}
				for r, err := range st.FetchBackward(is[S](c.args[0]), start, start) {
					return found(r.Value, true, err)
				}
				return "null", nil
			default:
				return fetched(st, x.millis("windowSizeMs").Milliseconds(), c)
			}
		}, err
	})
}

func storeSession[S text](x *drawing[S]) {
	x.stores["st"] = func(d *testkit.Driver) []Row {
		var rows []Row
		for _, r := range d.SessionRows[S, S]("st") {
			rows = append(rows, Row{Key: valueOf(r.Key.Key), Value: valueOf(r.Value), Window: &Span{r.Key.Start, r.Key.End}})
		}
		return rows
	}
	spec := state.Session[S, S]("st", x.millis("retentionMs"), x.kind()...)
	interpreted(x, spec, func(c *stream.Context[S, S]) (func(command) (string, error), error) {
		st, err := spec.Open(c)
		return func(c command) (string, error) { return sessionCommand(st, c) }, err
	})
}

func sessionCommand[S text](st *state.SessionStore[S, S], c command) (string, error) {
	row := func(r state.SessionRow[S, S]) string {
		return fmt.Sprintf("%s@%d-%d=%s", show(r.Key.Key), r.Key.Start, r.Key.End, show(r.Value))
	}
	from, to := int64(0), always
	k := func() S { return is[S](c.args[0]) }
	var err error
	switch c.name {
	case "put":
		if len(c.args) != 4 {
			return "", c.unknown()
		}
		v := c.args[3]
		if err := (command{c.name, c.args[:3]}).numbers(1, &from, &to); err != nil {
			return "", err
		}
		return "ok", st.Put(k(), from, to, is[S](v))
	case "rem", "fs", "find", "bfind":
		err = c.numbers(1, &from, &to)
	case "rfind", "brfind":
		err = c.numbers(2, &from, &to)
	case "fetch", "bfetch":
		err = c.numbers(1)
	case "rfetch", "brfetch":
		err = c.numbers(2)
	default:
		err = c.unknown()
	}
	if err != nil {
		return "", err
	}
	switch c.name {
	case "rem":
		return "ok", st.Remove(k(), from, to)
	case "fs":
		return found(st.Get(k(), from, to))
	case "find", "fetch":
		return listed(st.Find(k(), from, to), row)
	case "bfind", "bfetch":
		return listed(st.FindBackward(k(), from, to), row)
	case "rfind", "rfetch":
		return listed(st.FindRange(keys[S](c.args[0], c.args[1]), from, to), row)
	default:
		return listed(st.FindRangeBackward(keys[S](c.args[0], c.args[1]), from, to), row)
	}
}
