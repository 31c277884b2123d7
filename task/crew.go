package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/millrace-go/millrace/internal/transport"
)

const (
	// settleEvery is how often results are made sure of and positions committed.
	settleEvery = 100 * time.Millisecond
	// maxAhead is how many requests of a partition may be read beyond one that takes long. All of them are done again if
	// the worker dies before that one ends.
	maxAhead = 10_000
	// lastWords is how long the broker may take for the last results and positions.
	lastWords = 10 * time.Second
	// deafness is how long functions may go on after their contexts have ended.
	deafness = 5 * time.Second
)

// crew is a worker at work, on bytes. One goroutine runs it and owns all of it but holdings; one goroutine per request
// performs, and one keeps the membership.
type crew struct {
	cfg     WorkerConfig
	log     *slog.Logger
	client  transport.Client
	input   string
	perform func(context.Context, *Request[[]byte]) Result[[]byte]

	member  transport.Member
	fetcher transport.Fetcher
	out     *sender
	held    *holdings
	lost    chan error // why the membership ended

	lanes    map[int32]*lane
	backlog  []*job // read, not begun
	running  int
	finished chan *job
	recent   *recent
	settled  time.Time
}

// job is a request on its way through the worker.
type job struct {
	lane    *lane
	slot    *slot
	req     Request[[]byte]
	attempt Attempt
	result  Result[[]byte]
	void    bool // it was cut short: nothing is known of its work
}

func newCrew(cfg WorkerConfig, client transport.Client, input, output string, perform func(context.Context, *Request[[]byte]) Result[[]byte]) *crew {
	return &crew{
		cfg: cfg, log: cfg.Logger.With("topic", input), client: client, input: input, perform: perform,
		out: &sender{topic: output, worker: cfg.Name}, held: newHoldings(), lost: make(chan error, 1),
		lanes: map[int32]*lane{}, finished: make(chan *job, cfg.Concurrency), recent: newRecent(),
	}
}

func (c *crew) run(ctx context.Context) (err error) {
	if err := c.checkTopics(ctx); err != nil {
		return err
	}
	if c.out.p, err = c.client.NewProducer(transport.ProducerConfig{}); err != nil {
		return err
	}
	defer c.out.p.Close()
	if c.fetcher, err = c.client.NewFetcher(transport.FetcherConfig{Name: c.cfg.Name, Group: c.cfg.Group}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.fetcher.Close()) }()
	if c.member, err = c.client.NewMember(transport.MemberConfig{
		Group: c.cfg.Group, Topic: c.input, ClientID: c.cfg.Name, Session: c.cfg.SessionTimeout, Changed: c.held.changed,
	}); err != nil {
		return err
	}
	stop := c.keepMembership()
	defer func() {
		stop()
		err = errors.Join(err, c.member.Close())
	}()

	// The work's context ends after ctx: a stop lets it finish.
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	for err == nil && ctx.Err() == nil {
		err = c.step(ctx, work)
	}
	if ctx.Err() != nil && (err == nil || errors.Is(err, ctx.Err())) {
		return c.finish(work, cancel, c.cfg.StopTimeout)
	}
	return errors.Join(err, c.finish(work, cancel, 0))
}

// checkTopics tells of a forgotten topic before the first request does.
func (c *crew) checkTopics(ctx context.Context) error {
	found, err := c.client.Topics(ctx, []string{c.input, c.out.topic})
	if err != nil {
		return err
	}
	for _, name := range []string{c.input, c.out.topic} {
		if _, ok := found[name]; !ok {
			return fmt.Errorf("topic %s does not exist: create it, with as many partitions as the stream that feeds the task has", name)
		}
	}
	if in, out := found[c.input].Partitions, found[c.out.topic].Partitions; in != out {
		return fmt.Errorf("topic %s has %d partitions and %s has %d: both need as many as the stream that feeds the task", c.input, in, c.out.topic, out)
	}
	return nil
}

// keepMembership polls the member until stop is called, which waits for it.
func (c *crew) keepMembership() (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-quit:
				return
			default:
			}
			if err := c.member.Poll(pollWait); err != nil {
				c.lost <- err
				return
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}

// pollWait is how long to wait for what comes from the broker when nothing else is to be done.
const pollWait = 100 * time.Millisecond

func (c *crew) step(ctx, work context.Context) error {
	select {
	case err := <-c.lost:
		return err
	default:
	}
	if err := c.follow(ctx, work); err != nil {
		return err
	}
	if err := c.begin(ctx); err != nil {
		return err
	}
	if time.Since(c.settled) >= settleEvery {
		if err := c.settle(ctx); err != nil {
			return err
		}
	}
	if len(c.backlog) > 0 || c.farAhead() {
		return c.await(ctx, settleEvery)
	}
	wait := pollWait
	if c.running > 0 || c.out.waiting() {
		wait = 10 * time.Millisecond
	}
	batches, err := c.fetcher.Poll(wait)
	if err != nil {
		return err
	}
	if err := c.read(batches); err != nil {
		return err
	}
	return c.await(ctx, 0)
}

func (c *crew) farAhead() bool {
	for _, l := range c.lanes {
		if len(l.slots) > maxAhead {
			return true
		}
	}
	return false
}

// await takes what is finished: all that is there, or the first that comes in time.
func (c *crew) await(ctx context.Context, wait time.Duration) error {
	if wait > 0 && c.running > 0 {
		select {
		case j := <-c.finished:
			if err := c.end(ctx, j); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		case <-c.held.wake:
			return nil
		case <-time.After(wait):
		}
	}
	for {
		select {
		case j := <-c.finished:
			if err := c.end(ctx, j); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}
