package conformance

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

func evenValue[S text](_, v S) bool { return even(v) }

func filter[S text](x *drawing[S]) { x.to(x.from("in").Filter(evenValue), "out") }

func filterNot[S text](x *drawing[S]) { x.to(x.from("in").FilterNot(evenValue), "out") }

func filterKey[S text](x *drawing[S]) {
	x.to(x.from("in").
		Filter(func(k, _ S) bool { return !isNull(k) && show(k) != "b" }).
		FilterNot(func(_, v S) bool { return isNull(v) }), "out")
}

func mapBoth[S text](x *drawing[S]) {
	x.to(x.from("in").Map(func(k, v S) (S, S) {
		if isNull(k) {
			k = is[S]("nk")
		} else {
			k = is[S](show(k) + "'")
		}
		if !isNull(v) {
			v = is[S](show(v) + "!")
		}
		return k, v
	}), "out")
}

func mapToNullKey[S text](x *drawing[S]) {
	x.to(x.from("in").Map(func(k, v S) (S, S) {
		if isNull(v) {
			return is[S]("was-null"), is[S](show(k))
		}
		return of[S](nil), is[S](show(k))
	}), "out")
}

func mapValues[S text](x *drawing[S]) {
	x.to(x.from("in").MapValues(func(v S) S {
		if isNull(v) {
			return is[S]("was-null")
		}
		return is[S]("<" + show(v) + ">")
	}), "out")
}

func mapValuesKey[S text](x *drawing[S]) {
	x.to(x.from("in").MapValuesWithKey(func(k, v S) S { return is[S](show(k) + ":" + show(v)) }), "out")
}

func mapValuesNull[S text](x *drawing[S]) {
	x.to(x.from("in").MapValues(func(v S) S {
		if even(v) {
			return of[S](nil)
		}
		return v
	}), "out")
}

func flatMap[S text](x *drawing[S]) {
	x.to(x.from("in").FlatMap(func(k, v S) iter.Seq2[S, S] {
		if isNull(v) {
			return nil
		}
		return func(yield func(S, S) bool) {
			i := 0
			for _, c := range show(v) {
				if !yield(is[S](show(k)+strconv.Itoa(i)), is[S](string(c))) {
					return
				}
				i++
			}
		}
	}), "out")
}

// split cuts a value at its commas; of null it makes what ofNull says.
func split[S text](v S, ofNull ...S) []S {
	if isNull(v) {
		return ofNull
	}
	var parts []S
	for p := range strings.SplitSeq(show(v), ",") {
		parts = append(parts, is[S](p))
	}
	return parts
}

func flatMapValues[S text](x *drawing[S]) {
	x.to(x.from("in").FlatMapValues(func(v S) []S { return split(v, is[S]("N"), of[S](nil)) }), "out")
}

func flatMapValuesKey[S text](x *drawing[S]) {
	x.to(x.from("in").FlatMapValuesWithKey(func(k, v S) []S {
		if isNull(v) {
			return nil
		}
		return []S{is[S](show(k) + show(v)), is[S](show(v) + show(k))}
	}), "out")
}

func selectKey[S text](x *drawing[S]) { x.to(x.from("in").SelectKey(firstOf), "out") }

// marked puts a mark before each value.
func marked[S text](s *stream.Stream[S, S], mark string) *stream.Stream[S, S] {
	return s.MapValues(func(v S) S { return is[S](mark + show(v)) })
}

func mergeTwo[S text](x *drawing[S]) {
	x.to(marked(x.from("in1"), "1").Merge(marked(x.from("in2"), "2")), "out")
}

func mergeThree[S text](x *drawing[S]) {
	a, b, c := x.from("in1"), x.from("in2").Filter(evenValue), marked(x.from("in3"), "3")
	x.to(a.Merge(b).Merge(c), "out")
	x.to(b.Merge(c), "out2")
}

func mergeSelf[S text](x *drawing[S]) {
	s := x.from("in")
	x.to(marked(s, "L").Merge(marked(s, "R")), "out")
}

func multiTopicSource[S text](x *drawing[S]) {
	x.to(x.from("in1").Merge(x.from("in2")).Merge(x.from("in3")), "out")
}

func startsWithA[S text](_, v S) bool { return starts(v, "a") }

func splitDefault[S text](x *drawing[S]) {
	b := x.from("in").Split()
	x.to(b.Branch(startsWithA), "outA")
	x.to(b.Branch(evenValue), "outE")
	x.to(b.Default(), "outD")
}

func splitNoDefault[S text](x *drawing[S]) {
	b := x.from("in").Split()
	x.to(b.Branch(startsWithA), "outA")
	x.to(b.Branch(evenValue), "outE")
}

func splitFunctions[S text](x *drawing[S]) {
	b := x.from("in").Split()
	noKey := marked(b.Branch(func(k, _ S) bool { return isNull(k) }), "nk")
	x.to(b.Branch(func(_, v S) bool { return isNull(v) }), "outN")
	rest := b.Default().Filter(evenValue)
	x.to(noKey, "out1")
	x.to(rest, "out3")
}

// counted shows a counter beside each value, as it is when the record comes by.
func counted[S text](s *stream.Stream[S, S], n *int) *stream.Stream[S, S] {
	return s.MapValues(func(v S) S { return is[S](fmt.Sprintf("%s#%d", show(v), *n)) })
}

func peek[S text](x *drawing[S]) {
	x.once = true
	n := 0
	x.to(counted(x.from("in").Peek(func(_, v S) {
		if isNull(v) {
			n += 100
		}
		n += length(v)
	}), &n), "out")
}

func foreachOrder[S text](x *drawing[S]) {
	x.once = true
	n := 0
	s := x.from("in")
	s.ForEach(func(_, _ S) { n++ })
	x.to(counted(s, &n), "out1")
	s.ForEach(func(_, _ S) { n += 10 })
	x.to(counted(s, &n), "out2")
}

func multiSinkOrder[S text](x *drawing[S]) {
	s := x.from("in")
	m := s.MapValues(func(v S) S { return is[S](show(v) + "1") })
	x.to(m, "outA")
	x.to(s, "outB")
	f := m.FlatMapValues(func(v S) []S { return []S{is[S](show(v) + "x"), is[S](show(v) + "y")} })
	x.to(f, "outC")
	x.to(f.Filter(func(_, v S) bool { return strings.HasSuffix(show(v), "y") }), "outA")
}

func dynamicTopic[S text](x *drawing[S]) {
	s := x.from("in")
	s.ToFunc(func(r stream.Record[S, S]) string {
		switch {
		case isNull(r.Value):
			return "out-null"
		case even(r.Value):
			return "out-even"
		default:
			return "out-odd"
		}
	})
	s.ProcessValues(func(_ context.Context, r stream.Record[S, S]) (S, error) {
		return is[S](fmt.Sprintf("%s@%d/%d", show(r.Value), r.Partition, r.Offset)), nil
	}).ToFunc(func(r stream.Record[S, S]) string { return "meta-" + r.Topic })
}

func repartition[S text](x *drawing[S]) {
	x.to(x.from("in").SelectKey(firstOf).Repartition(topology.As("rp"), topology.Partitions(1)).
		MapValuesWithKey(func(k, v S) S { return is[S](show(k) + "/" + show(v)) }), "out")
}

func repartitionTwice[S text](x *drawing[S]) {
	s := x.from("in").FlatMapValues(func(v S) []S { return split(v, v) }).Repartition(topology.As("rp1")).
		SelectKey(firstOf).Repartition(topology.As("rp2"))
	x.to(s.ProcessValues(func(_ context.Context, r stream.Record[S, S]) (S, error) {
		return is[S](fmt.Sprintf("%s@%d", show(r.Value), r.Offset)), nil
	}), "out")
}

func throughTopic[S text](x *drawing[S]) {
	x.to(x.from("in").MapValues(func(v S) S { return is[S](show(v) + ".") }), "mid")
	x.to(x.from("mid").MapValues(func(v S) S { return is[S](show(v) + "!") }), "out")
}

func toTable[S text](x *drawing[S]) {
	x.changes(x.from("in").ToTable(x.kv[S]("tbl")...), "out")
}

func toTableRekey[S text](x *drawing[S]) {
	x.changes(x.from("in").SelectKey(firstOf).ToTable(x.kv[S]("tbl")...), "out")
}

// extracted reads a timestamp after the first "@" of a value.
func extracted[S text](_, v S, recordTime, partitionTime int64) int64 {
	_, at, found := strings.Cut(show(v), "@")
	if isNull(v) || !found {
		return recordTime
	}
	if at == "p" {
		return partitionTime
	}
	n, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return recordTime
	}
	return n
}

func timestampExtractor[S text](x *drawing[S]) {
	x.to(processed(x.from("in", topology.Extractor(extracted[S])), func(c *stream.Context[S, S], r stream.Record[S, S]) error {
		r.Value = is[S](fmt.Sprintf("%s~%d", show(r.Value), c.StreamTime()))
		return c.Forward(r)
	}), "out")
}

func streamTime[S text](x *drawing[S]) {
	x.to(processed(x.from("in1").Merge(x.from("in2")), func(c *stream.Context[S, S], r stream.Record[S, S]) error {
		r.Value = is[S](fmt.Sprintf("%s@%d/%s/%d", show(r.Value), c.StreamTime(), r.Topic, r.Offset))
		return c.Forward(r)
	}), "out")
}
