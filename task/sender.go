package task

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/transport"
	"github.com/millrace-go/millrace/serde"
)

// sender writes answers, and keeps the results until they are acknowledged.
type sender struct {
	p      transport.Producer
	topic  string
	worker string
	sent   []*job // not acknowledged
}

func (s *sender) waiting() bool { return len(s.sent) > 0 }

// started tells that work on a request begins. Nothing depends on it but the time-out, so nobody waits for it.
func (s *sender) started(ctx context.Context, j *job) error {
	r := j.req.Started[[]byte]()
	return s.produce(ctx, j, &r)
}

func (s *sender) send(ctx context.Context, j *job) error {
	err := s.produce(ctx, j, &j.result)
	if errors.Is(err, transport.ErrRecord) {
		return s.refused(ctx, j, err)
	}
	if err == nil {
		s.sent = append(s.sent, j)
	}
	return err
}

// refused answers in place of a result that the broker does not take: it is too large, as a rule.
func (s *sender) refused(ctx context.Context, j *job, why error) error {
	if j.result.Status == StatusFailed && j.result.Body == nil {
		return why // it is not the result's fault
	}
	j.result = j.req.Failed[[]byte](Permanent(fmt.Errorf("the result cannot be sent: %w", why)))
	return s.send(ctx, j)
}

func (s *sender) produce(ctx context.Context, j *job, r *Result[[]byte]) error {
	r.Worker = s.worker
	b, err := resultSerde[[]byte]{serde.Bytes()}.Append(nil, *r)
	if err != nil {
		return err
	}
	return s.p.Produce(ctx, s.topic, &graph.Effect{
		Partition: j.lane.p.Index, Key: j.attempt.Key, Value: b, Headers: j.attempt.Headers, Timestamp: time.Now().UnixMilli(),
	})
}

// flush waits until all that was sent is acknowledged, and returns the requests whose results are. If the broker refused
// something, nobody knows what: then each is sent once more, alone.
func (s *sender) flush(ctx context.Context) ([]*job, error) {
	jobs := s.sent
	err := s.p.Flush(ctx)
	if errors.Is(err, transport.ErrRecord) {
		for _, j := range jobs {
			s.sent = nil
			if err = s.alone(ctx, j); err != nil {
				break
			}
		}
	}
	if err != nil {
		s.sent = jobs
		return nil, err
	}
	s.sent = nil
	return jobs, nil
}

func (s *sender) alone(ctx context.Context, j *job) error {
	if err := s.send(ctx, j); err != nil {
		return err
	}
	err := s.p.Flush(ctx)
	if !errors.Is(err, transport.ErrRecord) {
		return err
	}
	if err := s.refused(ctx, j, err); err != nil {
		return err
	}
	return s.p.Flush(ctx)
}
