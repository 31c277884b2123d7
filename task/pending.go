package task

import (
	"fmt"
	"math"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/serde/wire"
)

// pending is a request whose result is not there yet, as its row holds it.
type pending struct {
	key     []byte // nil: null
	body    []byte
	headers []graph.Header
	time    int64  // event time
	created int64  // wall clock
	attempt int    // the current one
	phase   phase  // of the attempt
	starts  int    // how often a worker has begun it
	due     int64  // when something is to be done without a message; never
	err     string // the last attempt's
}

type phase uint8

const (
	waiting    phase = iota // for a worker
	started                 // a worker works on it
	backingOff              // the attempt failed, the next one is to come
)

// never is a due time that does not come.
const never = math.MaxInt64

// deadline is when the whole is given up; 0: never.
func (p *pending) deadline(o Options) int64 {
	if o.ScheduleToClose == 0 {
		return 0
	}
	return p.created + o.ScheduleToClose.Milliseconds()
}

func (p *pending) request(id string, o Options) Request[[]byte] {
	return Request[[]byte]{
		ID: id, Attempt: p.attempt, Attempts: o.Attempts, Time: p.time, Timeout: o.StartToClose, Deadline: p.deadline(o), Body: p.body,
	}
}

func (p *pending) dead(id, task string, why Reason, now int64) Dead[[]byte] {
	return Dead[[]byte]{
		ID: id, Task: task, Reason: why, Error: p.err, Attempts: p.attempt, Created: p.created, Died: now, Time: p.time, Body: p.body,
	}
}

// rowVersion is of the format of rows, which an application of a later version may find in its changelog.
const rowVersion = 1

func (p *pending) encode() []byte {
	b := wire.AppendArrayLen(make([]byte, 0, 64+len(p.key)+len(p.body)), 10+2*len(p.headers))
	b = wire.AppendInt(b, rowVersion)
	b = appendNullable(b, p.key)
	b = wire.AppendBytes(b, p.body)
	b = wire.AppendInt(b, p.time)
	b = wire.AppendInt(b, p.created)
	b = wire.AppendInt(b, int64(p.attempt))
	b = wire.AppendInt(b, int64(p.phase))
	b = wire.AppendInt(b, int64(p.starts))
	b = wire.AppendInt(b, p.due)
	b = wire.AppendString(b, p.err)
	for _, h := range p.headers {
		b = appendNullable(wire.AppendString(b, h.Key), h.Value)
	}
	return b
}

func decodePending(row []byte) (*pending, error) {
	d := wire.NewReader(row)
	n := d.ReadArrayLen()
	if v := d.ReadInt(); d.Err() == nil && v != rowVersion {
		return nil, fmt.Errorf("task: a row has version %d, and this program knows version %d: run the newer program", v, rowVersion)
	}
	p := &pending{key: readNullable(&d), body: readBytes(&d), time: d.ReadInt(), created: d.ReadInt()}
	p.attempt, p.phase, p.starts, p.due, p.err = int(d.ReadInt()), phase(d.ReadInt()), int(d.ReadInt()), d.ReadInt(), d.ReadString()
	for n -= 10; n > 0 && d.Err() == nil; n -= 2 {
		p.headers = append(p.headers, graph.Header{Key: d.ReadString(), Value: readNullable(&d)})
	}
	if err := d.Close(); err != nil {
		return nil, fmt.Errorf("task: a row does not decode: %w: the store was written by something else; give the operator another name (topology.As)", err)
	}
	return p, nil
}

func appendNullable(b, v []byte) []byte {
	if v == nil {
		return wire.AppendNil(b)
	}
	return wire.AppendBytes(b, v)
}

// readNullable tells a null from what is empty.
func readNullable(d *wire.Reader) []byte {
	if d.TryNil() {
		return nil
	}
	return readBytes(d)
}

// readBytes copies: rows and requests outlive what they were read from.
func readBytes(d *wire.Reader) []byte { return append([]byte{}, d.ReadBytes()...) }
