package conformance

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Case is one line of a file of vectors.
type Case struct {
	Scenario string           `json:"scenario"`
	Name     string           `json:"case"`
	Params   Params           `json:"params"`
	Input    []Step           `json:"input"`
	Output   []Record         `json:"output"`
	After    []int            `json:"outputAfter"` // records put out after each step, cumulative
	Stores   map[string][]Row `json:"stores"`
	Dropped  int64            `json:"dropped"`
	Error    *Failure         `json:"error"`

	anyState bool // neither stores nor dropped records are told
}

// Step is a record that goes in, or a move of the wall clock.
type Step struct {
	Record
	Advance int64 `json:"advanceWallClockMs"`
}

func (s Step) String() string {
	if s.Topic == "" {
		return fmt.Sprintf("the wall clock moves by %d ms", s.Advance)
	}
	return s.Record.String()
}

// Record is a record that goes in or comes out. Its window, if any, is part of its key.
type Record struct {
	Topic   string   `json:"topic"`
	Key     Value    `json:"key"`
	Value   Value    `json:"value"`
	Time    int64    `json:"ts"`
	Window  *Span    `json:"window"`
	Headers []Header `json:"headers"`
}

func (r Record) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s%s -> %s at %d", r.Topic, r.Key, r.Window, r.Value, r.Time)
	for _, h := range r.Headers {
		fmt.Fprintf(&b, " %s=%s", h.Name, h.Value)
	}
	return b.String()
}

// Span is a window's start and end, as Kafka Streams reports them.
type Span struct {
	Start int64 `json:"start"`
	End   int64 `json:"end"`
}

func (w *Span) String() string {
	if w == nil {
		return ""
	}
	return fmt.Sprintf("@%d/%d", w.Start, w.End)
}

// Header is a header of a record.
type Header struct {
	Name  string
	Value Value
}

// UnmarshalJSON reads a pair of a name and a value that may be null.
func (h *Header) UnmarshalJSON(b []byte) error {
	var pair [2]Value
	if err := json.Unmarshal(b, &pair); err != nil {
		return err
	}
	h.Name, h.Value = pair[0].text, pair[1]
	return nil
}

// Row is a row of a store at the end. Stores without timestamps have no Time.
type Row struct {
	Key    Value  `json:"key"`
	Value  Value  `json:"value"`
	Time   *int64 `json:"ts"`
	Window *Span  `json:"window"`
}

func (r Row) String() string {
	s := fmt.Sprintf("%s%s = %s", r.Key, r.Window, r.Value)
	if r.Time != nil {
		s += fmt.Sprintf(" at %d", *r.Time)
	}
	return s
}

// Failure is the step at which Kafka Streams itself failed.
type Failure struct {
	Step  int    `json:"step"`
	Class string `json:"class"`
}

// Params are the parameters of a case by name.
type Params map[string]json.RawMessage

// Int is an integer parameter; ok is false if the case has none of that name.
func (p Params) Int(name string) (n int64, ok bool) {
	return n, p[name] != nil && json.Unmarshal(p[name], &n) == nil
}

// Text is a text parameter, "" without it.
func (p Params) Text(name string) string {
	var s string
	if p[name] == nil || json.Unmarshal(p[name], &s) != nil {
		return ""
	}
	return s
}

// Is is a parameter that is true or false, false without it.
func (p Params) Is(name string) bool {
	var is bool
	return p[name] != nil && json.Unmarshal(p[name], &is) == nil && is
}

// Millis is a duration parameter, 0 without it.
func (p Params) Millis(name string) time.Duration {
	n, _ := p.Int(name)
	return time.Duration(n) * time.Millisecond
}

// Cached reports whether Kafka Streams ran the case with record caches.
func (c *Case) Cached() bool {
	n, _ := c.Params.Int("cacheMaxBytes")
	return n > 0
}

// NullFree reports whether callbacks see and return no null in the case, so that types without a null can express it. Deletes
// that operators make are none of theirs.
func (c *Case) NullFree() bool {
	for _, s := range c.Input {
		if s.Topic != "" && (s.Key.IsNull() || s.Value.IsNull()) {
			return false
		}
	}
	return !makesNulls[c.Scenario] || !slices.ContainsFunc(c.Output, func(r Record) bool { return r.Key.IsNull() || r.Value.IsNull() })
}
