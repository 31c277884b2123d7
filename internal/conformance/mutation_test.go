package conformance

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// mutation falsifies an expectation. It returns false if the case has nothing of the kind.
type mutation func(*Case) bool

// mutations with what the place of the difference begins with.
var mutations = []struct {
	name, at string
	apply    mutation
}{
	{"value", "input step", record(func(Record) bool { return true }, func(r *Record) { r.Value = Text("x" + r.Value.String()) })},
	{"key", "input step", record(func(Record) bool { return true }, func(r *Record) { r.Key = Text("x" + r.Key.String()) })},
	{"topic", "input step", record(func(Record) bool { return true }, func(r *Record) { r.Topic += "x" })},
	{"timestamp", "input step", record(func(Record) bool { return true }, func(r *Record) { r.Time++ })},
	{"header", "input step", record(func(Record) bool { return true }, func(r *Record) { r.Headers = append(slices.Clone(r.Headers), Header{Name: "h"}) })},
	{"empty for null", "input step", record(func(r Record) bool { return r.Value.IsNull() }, func(r *Record) { r.Value = Text("") })},
	{"window", "input step", record(func(r Record) bool { return r.Window != nil }, func(r *Record) { r.Window = &Span{r.Window.Start, r.Window.End + 1} })},
	{"record missing", "input step", recordMissing},
	{"record too many", "input step", recordTooMany},
	{"order within a step", "input step", order},
	{"outputAfter", "input step", sooner},
	{"row's value", "the final rows", row(func(Row) bool { return true }, func(r *Row) { r.Value = Text("x" + r.Value.String()) })},
	{"row's key", "the final rows", row(func(Row) bool { return true }, func(r *Row) { r.Key = Text("x" + r.Key.String()) })},
	{"row's timestamp", "the final rows", row(func(r Row) bool { return r.Time != nil }, func(r *Row) { r.Time = new(*r.Time + 1) })},
	{"row's window", "the final rows", row(func(r Row) bool { return r.Window != nil }, func(r *Row) { r.Window = &Span{r.Window.Start, r.Window.End + 1} })},
	{"row missing", "the final rows", rowMissing},
	{"store missing", "the final stores", storeMissing},
	{"store too many", "the final stores", storeTooMany},
	{"dropped", "the number of dropped records", dropped},
	{"failure", "input step 0", failure},
}

// record changes the last record of the output for which has is true.
func record(has func(Record) bool, change func(*Record)) mutation {
	return func(c *Case) bool {
		for i := len(c.Output) - 1; i >= 0; i-- {
			if has(c.Output[i]) {
				c.Output = slices.Clone(c.Output)
				change(&c.Output[i])
				return true
			}
		}
		return false
	}
}

func recordMissing(c *Case) bool {
	if len(c.Output) == 0 {
		return false
	}
	c.Output = c.Output[:len(c.Output)-1]
	c.After = slices.Clone(c.After)
	for i := range c.After {
		c.After[i] = min(c.After[i], len(c.Output))
	}
	return true
}

func recordTooMany(c *Case) bool {
	c.Output = append(slices.Clone(c.Output), Record{Topic: "out"})
	c.After = slices.Clone(c.After)
	c.After[len(c.After)-1]++
	return true
}

// order swaps two records of one step.
func order(c *Case) bool {
	before := 0
	for _, after := range c.After {
		for i := before + 1; i < after; i++ {
			if c.Output[i].String() != c.Output[i-1].String() {
				c.Output = slices.Clone(c.Output)
				c.Output[i], c.Output[i-1] = c.Output[i-1], c.Output[i]
				return true
			}
		}
		before = after
	}
	return false
}

// sooner moves a record to the step before its own.
func sooner(c *Case) bool {
	for i := 1; i < len(c.After); i++ {
		if c.After[i] > c.After[i-1] {
			c.After = slices.Clone(c.After)
			c.After[i-1]++
			return true
		}
	}
	return false
}

// row changes a row for which has is true.
func row(has func(Row) bool, change func(*Row)) mutation {
	return func(c *Case) bool {
		for name, rows := range c.Stores {
			if i := slices.IndexFunc(rows, has); i >= 0 {
				rows = slices.Clone(rows)
				change(&rows[i])
				c.Stores = maps.Clone(c.Stores)
				c.Stores[name] = rows
				return true
			}
		}
		return false
	}
}

func rowMissing(c *Case) bool {
	for name, rows := range c.Stores {
		if len(rows) > 0 {
			c.Stores = maps.Clone(c.Stores)
			c.Stores[name] = rows[1:]
			return true
		}
	}
	return false
}

func storeMissing(c *Case) bool {
	for name := range c.Stores {
		c.Stores = maps.Clone(c.Stores)
		delete(c.Stores, name)
		return true
	}
	return false
}

// storeTooMany adds a store; a case that fails has none to compare.
func storeTooMany(c *Case) bool {
	if c.Error != nil {
		return false
	}
	c.Stores = maps.Clone(c.Stores)
	if c.Stores == nil {
		c.Stores = map[string][]Row{}
	}
	c.Stores["another"] = nil
	return true
}

func dropped(c *Case) bool {
	c.Dropped++
	return c.Error == nil
}

func failure(c *Case) bool {
	c.Error = &Failure{Class: "org.apache.kafka.streams.errors.StreamsException"}
	c.After = c.After[:1]
	return true
}

// TestMutations falsifies one expectation of a case at a time, for every scenario: each check must see it, at its place.
func TestMutations(t *testing.T) {
	t.Parallel()
	all := vectors(t)
	seen := map[string]int{}
	for name := range scenarios {
		for _, m := range mutations {
			for _, c := range all[name] {
				if c.Cached() || deviationOf(c) != nil { // a deviation does not look at what is falsified
					continue
				}
				wrong := *c
				if !m.apply(&wrong) {
					continue
				}
				seen[m.name]++
				if d := Check(&wrong); d == nil || !strings.HasPrefix(d.At, m.at) {
					t.Errorf("%s, %s falsified: got %v, want a difference at %q", c.Name, m.name, d, m.at)
				}
				break // one case of the scenario is enough
			}
		}
	}
	for _, m := range mutations {
		if seen[m.name] == 0 {
			t.Errorf("no case has a %s to falsify", m.name)
		}
	}
}
