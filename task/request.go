package task

import (
	"time"

	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/serde/wire"
)

// Request is one attempt of a task, as the input topic holds it: see the package comment for its bytes.
type Request[In any] struct {
	ID       string
	Attempt  int           // counts from 1
	Attempts int           // how many there will be at most
	Time     int64         // event time of the record that asks, milliseconds since the epoch
	Timeout  time.Duration // from the start of the attempt, in whole milliseconds
	Deadline int64         // when to give up the whole, milliseconds since the epoch; 0: never
	Body     In
}

// Done is the answer to a request that was done.
func (r Request[In]) Done[Out any](body Out) Result[Out] {
	res := r.answer[Out](StatusOK)
	res.Body, res.Null = body, isNil(&body)
	return res
}

// Started is the message that an attempt has begun.
func (r Request[In]) Started[Out any]() Result[Out] { return r.answer[Out](StatusStarted) }

// Failed is the answer to a request that could not be done. Another attempt follows unless err is [Permanent].
func (r Request[In]) Failed[Out any](err error) Result[Out] {
	res := r.answer[Out](StatusRetry)
	if IsPermanent(err) {
		res.Status = StatusFailed
	}
	res.Error = shorten(err.Error())
	return res
}

func (r Request[In]) answer[Out any](s Status) Result[Out] {
	return Result[Out]{ID: r.ID, Attempt: r.Attempt, Time: r.Time, Status: s, Null: s != StatusOK}
}

type requestSerde[In any] struct{ body serde.Serde[In] }

func (s requestSerde[In]) Err() error { return serde.Err(s.body) }

func (s requestSerde[In]) Append(dst []byte, r Request[In]) ([]byte, error) {
	body, err := s.body.Append([]byte{}, r.Body)
	if err != nil {
		return dst, err
	}
	b := wire.AppendMapLen(dst, 8)
	b = wire.AppendInt(wire.AppendString(b, "v"), version)
	b = wire.AppendString(wire.AppendString(b, "id"), r.ID)
	b = wire.AppendInt(wire.AppendString(b, "attempt"), int64(r.Attempt))
	b = wire.AppendInt(wire.AppendString(b, "attempts"), int64(r.Attempts))
	b = wire.AppendInt(wire.AppendString(b, "time"), r.Time)
	b = wire.AppendInt(wire.AppendString(b, "timeout"), r.Timeout.Milliseconds())
	b = wire.AppendInt(wire.AppendString(b, "deadline"), r.Deadline)
	return wire.AppendBytes(wire.AppendString(b, "body"), body), nil
}

func (s requestSerde[In]) Decode(src []byte) (Request[In], error) {
	var r Request[In]
	var body []byte
	err := fields("request", src, func(name string, d *wire.Reader) {
		switch name {
		case "id":
			r.ID = d.ReadString()
		case "attempt":
			r.Attempt = int(d.ReadInt())
		case "attempts":
			r.Attempts = int(d.ReadInt())
		case "time":
			r.Time = d.ReadInt()
		case "timeout":
			r.Timeout = time.Duration(d.ReadInt()) * time.Millisecond
		case "deadline":
			r.Deadline = d.ReadInt()
		case "body":
			body = d.ReadBytes()
		default:
			d.Skip()
		}
	})
	if err == nil {
		r.Body, err = decodeBody("request", r.ID, s.body, body)
	}
	return r, err
}
