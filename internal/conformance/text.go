package conformance

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// text is what keys and values are: with a null or without.
type text interface{ string | *string }

// str is v with its null; nil is null.
func str[S text](v S) *string {
	switch v := any(v).(type) {
	case string:
		return &v
	case *string:
		return v
	}
	return nil
}

// of is the inverse of str. A type without a null shows a mark instead, which no case expects.
func of[S text](p *string) S {
	var v S
	switch out := any(&v).(type) {
	case *string:
		*out = "<a null that a string cannot be>"
		if p != nil {
			*out = *p
		}
	case **string:
		*out = p
	}
	return v
}

// is makes a value that is not null.
func is[S text](s string) S { return of[S](&s) }

// isNull reports whether v is null.
func isNull[S text](v S) bool { return str(v) == nil }

// show is S of the scenarios: null reads "null".
func show[S text](v S) string {
	if p := str(v); p != nil {
		return *p
	}
	return "null"
}

// length counts characters, 0 for null.
func length[S text](v S) int {
	if p := str(v); p != nil {
		return utf8.RuneCountInString(*p)
	}
	return 0
}

func even[S text](v S) bool { return !isNull(v) && length(v)%2 == 0 }

func starts[S text](v S, prefix string) bool {
	p := str(v)
	return p != nil && strings.HasPrefix(*p, prefix)
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// short is cap of the scenarios: it keeps aggregates short.
func short(s string) string {
	const most, kept = 48, 40
	n := utf8.RuneCountInString(s)
	if n <= most {
		return s
	}
	return "~" + string([]rune(s)[n-kept:])
}

// first is FIRST of the scenarios.
func first[S text](v S) S {
	p := str(v)
	if p == nil || *p == "" {
		return v
	}
	_, n := utf8.DecodeRuneInString(*p)
	return is[S]((*p)[:n])
}

// firstOf is first as a key selector.
func firstOf[S text](_, v S) S { return first(v) }

// foreignKey is FK of the scenarios: what stands before the first colon.
func foreignKey[S text](v S) *string {
	p := str(v)
	if p == nil {
		return nil
	}
	fk, _, found := strings.Cut(*p, ":")
	if !found || fk == "" {
		return nil
	}
	return &fk
}

// start is INIT of the scenarios.
func start[S text]() S { return is[S]("0") }

// add is AGG of the scenarios.
func add[S text](a, _, v S) S { return is[S](short(show(a) + "+" + show(v))) }

// reduce is RED of the scenarios.
func reduce[S text](a, b S) S { return is[S](short(show(a) + "|" + show(b))) }

// merge is MRG of the scenarios.
func merge[S text](a, _, b S) S { return is[S](short("(" + show(a) + "&" + show(b) + ")")) }

// join is JOIN of the scenarios.
func join[S text](l, r S) S { return is[S]("[" + show(l) + "," + show(r) + "]") }

// leftJoin is JOIN where the right side may be missing.
func leftJoin[S text](l, r S, ok bool) S {
	if !ok {
		return is[S]("[" + show(l) + ",null]")
	}
	return join(l, r)
}
