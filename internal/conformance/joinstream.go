package conformance

import (
	"unicode/utf8"

	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// streamJoins are the scenarios of joins of two streams.
var streamJoins = map[string]scenario{
	"ss-inner":             {ssInner[*string], ssInner[string]},
	"ss-left":              {ssLeft[*string], ssLeft[string]},
	"ss-outer":             {ssOuter[*string], ssOuter[string]},
	"ss-inner-key-joiner":  {ssInnerKeyJoiner[*string], ssInnerKeyJoiner[string]},
	"ss-outer-null-joiner": {ssOuterNullJoiner[*string], ssOuterNullJoiner[string]},
	"ss-inner-self":        {ssInnerSelf[*string], ssInnerSelf[string]},
	"ss-outer-self":        {ssOuterSelf[*string], ssOuterSelf[string]},
	"ss-left-rekeyed":      {ssLeftRekeyed[*string], ssLeftRekeyed[string]},
	"ss-chain-inner-left":  {ssChainInnerLeft[*string], ssChainInnerLeft[string]},
	"ss-outer-then-count":  {ssOuterThenCount[*string], ssOuterThenCount[string]},
}

func (x *drawing[S]) joinWindow() window.JoinWindow {
	return window.Joined(0, x.millis("graceMs")).Before(x.millis("beforeMs")).After(x.millis("afterMs"))
}

// joinStore names a join's stores, which no cache applies to.
func (x *drawing[S]) joinStore(name string) []topology.Option {
	return append(x.kind(), topology.As(name))
}

func ssInner[S text](x *drawing[S]) {
	left, right := x.from("left"), x.from("right")
	x.to(left.JoinStream(right, x.joinWindow(), join[S], x.joinStore("j")...), "out")
}

func ssLeft[S text](x *drawing[S]) {
	left, right := x.from("left"), x.from("right")
	x.to(left.LeftJoinStream(right, x.joinWindow(), leftJoin[S], x.joinStore("j")...), "out")
}

func ssOuter[S text](x *drawing[S]) {
	left, right := x.from("left"), x.from("right")
	x.to(left.OuterJoinStream(right, x.joinWindow(), outerJoin[S], x.joinStore("j")...), "out")
}

func ssInnerKeyJoiner[S text](x *drawing[S]) {
	left, right := x.from("left"), x.from("right")
	x.to(left.JoinStream(right, x.joinWindow(), join[S], x.joinStore("j")...).
		MapValuesWithKey(func(k, v S) S { return is[S](show(k) + ":" + show(v)) }), "out")
}

func ssOuterNullJoiner[S text](x *drawing[S]) {
	left, right := x.from("left"), x.from("right")
	x.to(left.OuterJoinStream(right, x.joinWindow(), func(l S, okL bool, r S, okR bool) S {
		if !okL || !okR {
			return of[S](nil)
		}
		return join(l, r)
	}, x.joinStore("j")...), "out")
}

func ssInnerSelf[S text](x *drawing[S]) {
	s := x.from("in")
	x.to(s.JoinStream(s, x.joinWindow(), join[S], x.joinStore("j")...), "out")
}

func ssOuterSelf[S text](x *drawing[S]) {
	s := x.from("in")
	primed := s.MapValues(func(v S) S {
		if isNull(v) {
			return v
		}
		return is[S](show(v) + "'")
	})
	x.to(s.OuterJoinStream(primed, x.joinWindow(), outerJoin[S], x.joinStore("j")...), "out")
}

// last is the last character of a value; "" has none, and a null gives a null.
func last[S text](_, v S) S {
	if isNull(v) || show(v) == "" {
		return v
	}
	_, n := utf8.DecodeLastRuneInString(show(v))
	return is[S](show(v)[len(show(v))-n:])
}

func ssLeftRekeyed[S text](x *drawing[S]) {
	left, right := x.from("left").SelectKey(last), x.from("right").SelectKey(last)
	x.to(left.LeftJoinStream(right, x.joinWindow(), leftJoin[S], x.joinStore("j")...), "out")
}

func ssChainInnerLeft[S text](x *drawing[S]) {
	left, right, third := x.from("left"), x.from("right"), x.from("third")
	x.to(left.JoinStream(right, x.joinWindow(), join[S], x.joinStore("j1")...).
		LeftJoinStream(third, x.joinWindow(), leftJoin[S], x.joinStore("j2")...), "out")
}

func ssOuterThenCount[S text](x *drawing[S]) {
	left, right := x.from("left"), x.from("right")
	x.changes(left.OuterJoinStream(right, x.joinWindow(), outerJoin[S], x.joinStore("j")...).
		GroupByKey().Count(x.kv[int64]("c")...), "out")
}
