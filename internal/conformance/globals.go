package conformance

import (
	"fmt"
	"strings"

	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
)

// global is the global table of a topic, with its rows in a store gt. Its keys have a null for every S, as those of foreign do.
func (x *drawing[S]) global(topic string) *table.Global[*string, S] {
	return table.FromGlobal(x.b, topology.NewTopic[*string, S](topic), x.keyed[*string, S]("gt")...)
}

func foreignKeyOf[S text](_, v S) *string { return foreignKey(v) }

func sgInner[S text](x *drawing[S]) {
	left, right := x.from("left"), x.global("right")
	x.to(left.JoinGlobal(right, foreignKeyOf, join), "out")
}

func sgLeft[S text](x *drawing[S]) {
	left, right := x.from("left"), x.global("right")
	x.to(left.LeftJoinGlobal(right, foreignKeyOf, leftJoin), "out")
}

func sgLeftKeyJoiner[S text](x *drawing[S]) {
	left, right := x.from("left"), x.global("right")
	x.to(left.
		LeftJoinGlobal(right, func(k, _ S) *string { return str(k) }, func(l, r S, ok bool) pair[S] {
			if !ok {
				return pair[S]{l, nil}
			}
			return pair[S]{l, str(r)}
		}).
		MapValuesWithKey(func(k S, p pair[S]) S { return is[S](show(k) + ":[" + show(p.Left) + "," + show(p.Right) + "]") }), "out")
}

// globalTable shows the row of each record's key, and all rows.
func globalTable[S text](x *drawing[S]) {
	t := x.global("glob")
	x.to(x.from("in").Process(func(c *stream.Context[S, S]) (func(stream.Record[S, S]) error, error) {
		rows, err := t.Open(c)
		return func(r stream.Record[S, S]) error {
			if r.NullKey {
				return c.Forward(with(r, is[S]("nokey")))
			}
			shown, err := showGlobal(rows, str(r.Key))
			if err != nil {
				return err
			}
			return c.Forward(with(r, is[S](shown)))
		}, err
	}), "out")
}

func showGlobal[S text](rows *state.Reader[*string, S], k *string) (string, error) {
	row, ok, err := rows.GetRow(k)
	if err != nil {
		return "", err
	}
	found, at := "null", int64(-1)
	if ok {
		found, at = show(row.Value), row.Timestamp
	}
	var all []string
	for r, err := range rows.All() {
		if err != nil {
			return "", err
		}
		all = append(all, show(r.Key)+"="+show(r.Value))
	}
	return fmt.Sprintf("%s@%d all:%s", found, at, strings.Join(all, ",")), nil
}
