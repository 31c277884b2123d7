package conformance

import (
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

// shelf is the store of a store-kv scenario: each input value is a command to it, with fields separated by "|".
type shelf[S text] struct {
	rows  *state.KeyValueStore[S, S]
	timed bool // values show their timestamps
}

func storeKV[S text](x *drawing[S]) { commanded(x, x.plain[S]("st"), false) }

func storeKVTimestamped[S text](x *drawing[S]) {
	x.kv[S]("st") // its rows are compared with their timestamps
	commanded(x, state.KeyValue[S, S]("st", x.kind()...), true)
}

func commanded[S text](x *drawing[S], spec *state.KeyValueSpec[S, S], timed bool) {
	x.to(x.from("in").Process(func(c *stream.Context[S, S]) (func(stream.Record[S, S]) error, error) {
		rows, err := spec.Open(c)
		s := &shelf[S]{rows, timed}
		return func(r stream.Record[S, S]) error {
			result, err := s.do(strings.Split(show(r.Value), "|"))
			if err != nil {
				return err
			}
			return c.Forward(with(r, is[S](result)))
		}, err
	}, topology.WithStores(spec)), "out")
}

func (s *shelf[S]) do(command []string) (string, error) {
	name, args := command[0], command[1:]
	switch name {
	case "all":
		return s.list(s.rows.All())
	case "rall":
		return s.list(s.rows.RangeBackward(is[S](""), above[S]("*")))
	}
	if len(args) == 0 {
		return "", fmt.Errorf("conformance: command %q is not known, or lacks its fields", command)
	}
	k := is[S](args[0])
	switch {
	case name == "get":
		result, _, err := s.get(k)
		return result, err
	case name == "del":
		old, _, err := s.get(k)
		if err != nil {
			return "", err
		}
		return old, s.rows.Delete(k)
	case name == "prefix":
		return s.list(s.rows.Prefix([]byte(args[0])))
	case name == "range" && len(args) == 2:
		return s.list(s.rows.Range(from[S](args[0]), above[S](args[1])))
	case name == "rrange" && len(args) == 2:
		return s.list(s.rows.RangeBackward(from[S](args[0]), above[S](args[1])))
	case name == "putAll" && len(args) == 4:
		if err := s.put(args[:2]); err != nil {
			return "", err
		}
		return "ok", s.put(args[2:])
	case name == "put":
		return "ok", s.put(args)
	case name == "pia": // put if absent
		old, found, err := s.get(k)
		if err != nil || found {
			return old, err
		}
		return old, s.put(args)
	default:
		return "", fmt.Errorf("conformance: command %q is not known, or lacks fields", command)
	}
}

// put is told a key, a value, "~" for none, and if values are timed a timestamp.
func (s *shelf[S]) put(args []string) error {
	switch k := is[S](args[0]); {
	case s.timed && len(args) == 3:
		ms, err := strconv.ParseInt(args[2], 10, 64)
		if err != nil {
			return fmt.Errorf("conformance: put %q: %w", args, err)
		}
		return s.rows.PutAt(k, is[S](args[1]), ms)
	case s.timed || len(args) != 2:
		return fmt.Errorf("conformance: put %q has not the fields that its store needs", args)
	case args[1] == "~":
		return s.rows.Delete(k)
	default:
		return s.rows.Put(k, is[S](args[1]))
	}
}

func (s *shelf[S]) get(k S) (result string, found bool, err error) {
	r, found, err := s.rows.GetRow(k)
	if !found {
		return "null", false, err
	}
	return s.value(r), true, err
}

func (s *shelf[S]) value(r state.Row[S, S]) string {
	if s.timed {
		return show(r.Value) + "@" + decimal(r.Timestamp)
	}
	return show(r.Value)
}

func (s *shelf[S]) list(rows iter.Seq2[state.Row[S, S], error]) (string, error) {
	var list []string
	for r, err := range rows {
		if err != nil {
			return "", err
		}
		list = append(list, show(r.Key)+"="+s.value(r))
	}
	return strings.Join(list, ","), nil
}

// from is the lower bound of a range; "*" leaves it open.
func from[S text](bound string) S {
	if bound == "*" {
		bound = ""
	}
	return is[S](bound)
}

// above is the least key beyond a range whose upper bound, "*" for open, is within it.
func above[S text](bound string) S {
	if bound == "*" {
		return is[S]("\xff") // no text has such a byte
	}
	return is[S](bound + "\x00")
}
