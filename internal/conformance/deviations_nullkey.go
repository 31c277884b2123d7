package conformance

import (
	"cmp"
	"slices"
)

// nullKeyDeviations are of records without a key that Kafka Streams cannot take where it takes them elsewhere.
var nullKeyDeviations = []Deviation{{
	Name:      "null key in a buffered left join",
	Scenarios: []string{"st-left-versioned-grace-null-key"},
	Reason: "a left join with a table emits a record without a key with no right side (KIP-962); with a grace period, Kafka Streams fails " +
		"in its buffer instead (NullPointerException), for ever, since it reads the record again. Here it is emitted at once, as without grace",
	Applies: func(_ Params, input []Step) bool { return slices.ContainsFunc(input, isKeylessLeft) },
	Expect:  keylessLeftJoin,
}}

func isKeylessLeft(s Step) bool { return s.Topic == "left" && s.Key.IsNull() && !s.Value.IsNull() }

// keylessLeftJoin is what the join gives: a record without a key moves the join's time, which one without a value does not, and is emitted before
// what it releases.
func keylessLeftJoin(c Case) Case {
	grace, _ := c.Params.Int("graceMs")
	var out steps
	var waiting, versions []Record
	now := int64(-1)
	emit := func(l Record) {
		right := Value{}
		for _, v := range versions {
			if v.Key == l.Key && v.Time <= l.Time {
				right = v.Value
			}
		}
		out.emit(Record{Topic: "out", Key: l.Key, Value: Text(join(textOf(l.Value), textOf(right))), Time: l.Time, Headers: l.Headers})
	}
	for _, s := range c.Input {
		r := s.Record
		switch {
		case r.Topic == "right":
			versions = append(versions, r)
			slices.SortStableFunc(versions, func(a, b Record) int { return cmp.Compare(a.Time, b.Time) })
		case r.Value.IsNull():
			c.Dropped++
		default:
			now = max(now, r.Time)
			if r.Key.IsNull() || r.Time < now-grace {
				emit(r)
			} else {
				waiting = append(waiting, r)
			}
			slices.SortStableFunc(waiting, func(a, b Record) int {
				return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Key.text, b.Key.text))
			})
			for len(waiting) > 0 && waiting[0].Time <= now-grace {
				emit(waiting[0])
				waiting = waiting[1:]
			}
		}
		out.end()
	}
	c.Output, c.After, c.Error = out.output, out.after, nil
	c.anyState = true // Kafka Streams left none to compare with
	return c
}

// textOf is a value as the functions of the scenarios take it.
func textOf(v Value) string {
	if v.IsNull() {
		return "null"
	}
	return v.text
}
