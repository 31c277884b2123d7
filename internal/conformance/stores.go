package conformance

import (
	"fmt"
	"iter"
	"math"
	"strconv"
	"strings"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// moreStores are the scenarios of processors with windows, sessions and versioned rows.
var moreStores = map[string]scenario{
	"store-kv-lru":            {storeLRU[*string], storeLRU[string]},
	"store-window":            {storeWindow[*string], storeWindow[string]},
	"store-window-duplicates": {storeDuplicates[*string], storeDuplicates[string]},
	"store-session":           {storeSession[*string], storeSession[string]},
	"store-versioned":         {storeVersioned[*string], storeVersioned[string]},
	"punctuate-start-time":    {punctuateStartTime[*string], punctuateStartTime[string]},
	"dedup":                   {dedup[*string], dedup[string]},
}

// command is an input value of the store scenarios, taken apart.
type command struct {
	name string
	args []string
}

func (c command) unknown() error {
	return fmt.Errorf("conformance: command %q with %d fields is not known", c.name, len(c.args))
}

// numbers reads the fields from the n-th on.
func (c command) numbers(n int, to ...*int64) error {
	if len(c.args) != n+len(to) {
		return c.unknown()
	}
	for i, p := range to {
		x, err := strconv.ParseInt(c.args[n+i], 10, 64)
		if err != nil {
			return fmt.Errorf("conformance: command %q: %w", c.name, err)
		}
		*p = x
	}
	return nil
}

// absent is how a command writes a null value.
func absent(v string) bool { return v == "~" }

// keys are the bounds of a command, "*" being an open one.
func keys[S text](from, to string) (k state.Keys[S]) {
	if from != "*" {
		k.From = new(is[S](from))
	}
	if to != "*" {
		k.To = new(is[S](to))
	}
	return k
}

// interpreted answers each command with what open's function makes of it.
func interpreted[S text](x *drawing[S], spec interface{ Graph() *graph.Store }, open func(c *stream.Context[S, S]) (func(command) (string, error), error)) {
	x.to(x.from("in").Process(func(c *stream.Context[S, S]) (func(stream.Record[S, S]) error, error) {
		do, err := open(c)
		return func(r stream.Record[S, S]) error {
			words := strings.Split(show(r.Value), "|")
			result, err := do(command{words[0], words[1:]})
			if err != nil {
				return err
			}
			return c.Forward(with(r, is[S](result)))
		}, err
	}, topology.WithStores(spec)), "out")
}

// listed renders the rows of an iterator.
func listed[R any](rows iter.Seq2[R, error], render func(R) string) (string, error) {
	var all []string
	for r, err := range rows {
		if err != nil {
			return "", err
		}
		all = append(all, render(r))
	}
	return strings.Join(all, ","), nil
}

func told(n int64, err error) (string, error) { return decimal(n), err }

// found renders a value that may not be there.
func found[S text](v S, ok bool, err error) (string, error) {
	if !ok || err != nil {
		return "null", err
	}
	return show(v), nil
}

func storeLRU[S text](x *drawing[S]) {
	limit, _ := x.params.Int("maxEntries")
	spec := state.LRU[S, S]("st", int(limit))
	interpreted(x, spec, func(c *stream.Context[S, S]) (func(command) (string, error), error) {
		st, err := spec.Open(c)
		return func(c command) (string, error) {
			if len(c.args) == 0 {
				return "", c.unknown()
			}
			k := is[S](c.args[0])
			if c.name == "put" && len(c.args) == 2 {
				if absent(c.args[1]) {
					return "ok", st.Delete(k)
				}
				return "ok", st.Put(k, is[S](c.args[1]))
			}
			old, ok, err := st.Get(k)
			switch {
			case err != nil:
				return "", err
			case c.name == "get":
			case c.name == "del":
				err = st.Delete(k)
			case c.name == "pia" && len(c.args) == 2:
				if !ok && !absent(c.args[1]) {
					err = st.Put(k, is[S](c.args[1]))
				}
			default:
				return "", c.unknown()
			}
			if err != nil {
				return "", err
			}
			return found(old, ok, nil)
		}, err
	})
}

func storeVersioned[S text](x *drawing[S]) {
	spec := state.Versioned[S, S]("st", x.millis("historyMs"))
	interpreted(x, spec, func(c *stream.Context[S, S]) (func(command) (string, error), error) {
		st, err := spec.Open(c)
		version := func(r state.Row[S, S], ok bool, err error) (string, error) {
			if !ok || err != nil {
				return "null", err
			}
			return fmt.Sprintf("%s@%d", show(r.Value), r.Timestamp), nil
		}
		return func(c command) (string, error) {
			var at int64
			switch {
			case c.name == "put" && len(c.args) == 3:
				if err := c.numbers(2, &at); err != nil {
					return "", err
				}
				if absent(c.args[1]) {
					return told(st.Delete(is[S](c.args[0]), at))
				}
				return told(st.Put(is[S](c.args[0]), is[S](c.args[1]), at))
			case c.name == "get" && len(c.args) == 1:
				return version(st.Get(is[S](c.args[0])))
			case len(c.args) != 2:
				return "", c.unknown()
			}
			if err := c.numbers(1, &at); err != nil {
				return "", err
			}
			was, ok, err := st.GetAt(is[S](c.args[0]), at)
			if c.name == "del" && err == nil {
				var validTo int64
				validTo, err = st.Delete(is[S](c.args[0]), at)
				ok = ok && validTo != state.NotPut
			}
			return version(was, ok, err)
		}, err
	})
}

func punctuateStartTime[S text](x *drawing[S]) {
	start, _ := x.params.Int("startMs")
	x.to(x.from("in").Process(func(c *stream.Context[S, S]) (func(stream.Record[S, S]) error, error) {
		tell := func(name string) func(int64) error {
			return func(now int64) error {
				return c.Forward(stream.Record[S, S]{Key: is[S](name), Value: is[S]("@" + decimal(now)), Timestamp: max(0, now)})
			}
		}
		c.EveryStreamTimeFrom(start, x.millis("intervalMs"), tell("s"))
		c.EveryFrom(start, x.millis("intervalMs"), tell("w"))
		return func(r stream.Record[S, S]) error { return c.Forward(r) }, nil
	}), "out")
}

// dedup forwards what it has not seen within a time.
func dedup[S text](x *drawing[S]) {
	within := x.millis("windowMs")
	x.plainWin("seen", within.Milliseconds())
	seen := state.Window[S, S]("seen", 4*within, x.kind()...)
	x.to(x.from("in").Process(func(c *stream.Context[S, S]) (func(stream.Record[S, S]) error, error) {
		rows, err := seen.Open(c)
		return func(r stream.Record[S, S]) error {
			if isNull(r.Key) || isNull(r.Value) {
				return c.Forward(r)
			}
			id := is[S](show(r.Key) + "/" + show(r.Value))
			for _, err := range rows.Fetch(id, max(0, r.Timestamp-within.Milliseconds()), r.Timestamp+within.Milliseconds()) {
				return err
			}
			if err := rows.Put(id, r.Timestamp, r.Value); err != nil {
				return err
			}
			return c.Forward(r)
		}, err
	}, topology.WithStores(seen)), "out")
}

// plainWin notes a window store for processors, of windows of a size, whose rows are compared.
func (x *drawing[S]) plainWin(name string, size int64) {
	x.stores[name] = func(d *testkit.Driver) []Row {
		var rows []Row
		for _, r := range d.WindowRows[S, S](name) {
			rows = append(rows, Row{Key: valueOf(r.Key), Value: valueOf(r.Value), Window: &Span{r.Start, r.Start + size}})
		}
		return rows
	}
}

// always is all times.
const always = int64(math.MaxInt64)
