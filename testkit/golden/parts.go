package golden

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// topic reads and writes records of a topic as text. The zero topic shows bytes.
type topic struct {
	in  func(d *testkit.Driver, line string, partition int32, last int64) (at int64, err error)
	out func(testkit.Produced) (string, error)
}

// Topic lets scripts pipe records into a topic, and shows those that are written to it.
func Topic[K, V any](t topology.Topic[K, V]) Part {
	return func(s *script) {
		s.topics[t.Name] = topic{in: feeder(t), out: reader(t)}
	}
}

func (t topic) pipe(d *testkit.Driver, line string, partition int32, last int64) (int64, error) {
	return t.in(d, line, partition, last)
}

func (t topic) show(p testkit.Produced) string {
	if t.out == nil {
		return record(bytesOf(p.Key), bytesOf(p.Value), p)
	}
	text, err := t.out(p)
	if err != nil {
		return "error: " + err.Error()
	}
	return text
}

// Line is a record as a script has it.
func Line[K, V any](r stream.Record[K, V]) string {
	key, value := "null", "null"
	if !r.NullKey {
		key = show(r.Key)
	}
	if !r.Null {
		value = show(r.Value)
	}
	return line(key, value, r.Timestamp, r.Headers)
}

func record(key, value string, p testkit.Produced) string {
	return line(key, value, p.Timestamp, p.Headers)
}

func line(key, value string, at int64, headers []stream.Header) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s -> %s at %d", key, value, at)
	for _, h := range headers {
		value := bytesOf(h.Value)
		if strings.Contains(value, " ") && !strings.HasPrefix(value, `"`) {
			value = strconv.Quote(value)
		}
		fmt.Fprintf(&b, " %s=%s", h.Key, value)
	}
	return b.String()
}

func bytesOf(b []byte) string {
	if b == nil {
		return "null"
	}
	return word(string(b))
}

func feeder[K, V any](t topology.Topic[K, V]) func(*testkit.Driver, string, int32, int64) (int64, error) {
	return func(d *testkit.Driver, line string, partition int32, last int64) (int64, error) {
		r, err := parseRecord[K, V](line, last)
		if err != nil {
			return 0, err
		}
		if partition < 0 {
			d.Input(t).PipeRecord(r)
		} else {
			d.Input(t).PipeTo(partition, r)
		}
		return r.Timestamp, nil
	}
}

// parseRecord reads KEY -> VALUE at MILLISECONDS name=value ...
func parseRecord[K, V any](line string, last int64) (r stream.Record[K, V], err error) {
	r.Timestamp = last
	rest := line
	if r.Key, r.NullKey, rest, err = parse[K](rest); err != nil {
		return r, fmt.Errorf("key: %w", err)
	}
	rest, found := strings.CutPrefix(strings.TrimSpace(rest), "->")
	if !found {
		return r, errors.New("want KEY -> VALUE at MILLISECONDS")
	}
	if r.Value, r.Null, rest, err = parse[V](rest); err != nil {
		return r, fmt.Errorf("value: %w", err)
	}
	if at, more, found := cutWord(rest, "at"); found {
		if r.Timestamp, err = strconv.ParseInt(at, 10, 64); err != nil {
			return r, fmt.Errorf("timestamp: %w", err)
		}
		rest = more
	}
	for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimSpace(rest) {
		name, more, found := strings.Cut(rest, "=")
		if !found || strings.ContainsAny(name, " ") {
			return r, fmt.Errorf("%q is no header name=value", rest)
		}
		h := stream.Header{Key: name}
		if h.Value, rest, err = headerValue(more); err != nil {
			return r, fmt.Errorf("header %s: %w", name, err)
		}
		r.Headers = append(r.Headers, h)
	}
	return r, nil
}

// headerValue reads null, a word or quoted text.
func headerValue(s string) (value []byte, rest string, err error) {
	if strings.HasPrefix(s, `"`) {
		text, _, rest, err := parse[string](s)
		return []byte(text), rest, err
	}
	word, rest, _ := strings.Cut(s, " ")
	if word == "null" {
		return nil, rest, nil
	}
	return []byte(word), rest, nil
}

// cutWord takes " at 5" apart.
func cutWord(s, word string) (operand, rest string, found bool) {
	s, found = strings.CutPrefix(strings.TrimSpace(s), word+" ")
	if !found {
		return "", "", false
	}
	operand, rest, _ = strings.Cut(strings.TrimSpace(s), " ")
	return operand, rest, true
}

func reader[K, V any](t topology.Topic[K, V]) func(testkit.Produced) (string, error) {
	return func(p testkit.Produced) (string, error) {
		ks, vs, err := serdesOf(t)
		if err != nil {
			return "", err
		}
		key, value := "null", "null"
		if p.Key != nil {
			k, err := ks.Decode(p.Key)
			if err != nil {
				return "", fmt.Errorf("key %q: %w", p.Key, err)
			}
			key = show(k)
		}
		if p.Value != nil {
			v, err := vs.Decode(p.Value)
			if err != nil {
				return "", fmt.Errorf("value %q: %w", p.Value, err)
			}
			value = show(v)
		}
		return record(key, value, p), nil
	}
}

func serdesOf[K, V any](t topology.Topic[K, V]) (ks serde.Serde[K], vs serde.Serde[V], err error) {
	ks, vs = t.Key, t.Value
	if ks == nil {
		if ks, err = serde.ForKey[K](); err != nil {
			return nil, nil, err
		}
	}
	if vs == nil {
		vs, err = serde.For[V]()
	}
	return ks, vs, err
}

// Rows shows a key-value store, a row a line.
func Rows[K, V any](name string) Part {
	return func(s *script) {
		s.stores[name] = func(d *testkit.Driver) []string {
			var out []string
			for _, r := range d.Rows[K, V](name) {
				out = append(out, fmt.Sprintf("%s = %s at %d", show(r.Key), show(r.Value), r.Timestamp))
			}
			return out
		}
	}
}

// Windows shows a window store, a row a line, windows by their start.
func Windows[K, V any](name string) Part {
	return func(s *script) {
		s.stores[name] = func(d *testkit.Driver) []string {
			var out []string
			for _, r := range d.WindowRows[K, V](name) {
				out = append(out, fmt.Sprintf("%s@%d = %s at %d", show(r.Key), r.Start, show(r.Value), r.Timestamp))
			}
			return out
		}
	}
}

// Sessions shows a session store, a session a line, by start and end.
func Sessions[K, V any](name string) Part {
	return func(s *script) {
		s.stores[name] = func(d *testkit.Driver) []string {
			var out []string
			for _, r := range d.SessionRows[K, V](name) {
				out = append(out, fmt.Sprintf("%s@%d/%d = %s", show(r.Key.Key), r.Key.Start, r.Key.End, show(r.Value)))
			}
			return out
		}
	}
}
