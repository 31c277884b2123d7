package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/examples/imagepipeline/pipeline"
)

// stage is where a run takes place: a broker with the topics, and a client of it.
type stage struct {
	bootstrap string
	topics    pipeline.Topics
	fresh     bool // nothing of an earlier run is there
	stateDir  string
	cl        *kgo.Client
	strike    []func() error // in reverse
}

// setUp prepares a stage. Plates that were made leave nothing behind, on any
// broker; the images that someone has leave their topics and state.
func setUp(ctx context.Context, o *options, s *screen) (st *stage, err error) {
	st = &stage{bootstrap: o.bootstrap}
	defer func() {
		if err != nil {
			err = errors.Join(err, st.close())
		}
	}()
	passing := o.images == ""
	if o.bootstrap == "" {
		passing = true
		// It warns of what is slow, which on a busy laptop is no news.
		broker, err := millrace.StartBroker(logger(s, slog.LevelError))
		if err != nil {
			return st, err
		}
		st.strike = append(st.strike, broker.Close)
		st.bootstrap = broker.Bootstrap()
	} else if passing {
		o.prefix += fmt.Sprintf("demo-%d-", time.Now().UnixMilli())
	}
	st.topics = pipeline.NewTopics(o.prefix)
	if passing {
		if st.stateDir, err = os.MkdirTemp("", "imagepipeline-"); err != nil {
			return st, err
		}
		st.strike = append(st.strike, func() error { return os.RemoveAll(st.stateDir) })
	}
	st.cl, err = kgo.NewClient(kgo.SeedBrokers(st.bootstrap), kgo.ConsumeTopics(newBoard(st.topics).reads()...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxWait(100*time.Millisecond))
	if err != nil {
		return st, err
	}
	st.strike = append(st.strike, func() error { st.cl.Close(); return nil })
	if st.fresh, err = createTopics(ctx, st.cl, st.bootstrap, st.topics); err != nil {
		return st, err
	}
	if passing && o.bootstrap != "" {
		st.strike = append(st.strike, func() error { return deleteTopics(context.WithoutCancel(ctx), st.cl, st.topics) })
	}
	s.Printf("broker     %s, topics from %s to %s", st.bootstrap, st.topics.Images.Name, st.topics.PlateFeatures.Name)
	return st, nil
}

func (st *stage) close() error {
	var errs []error
	for _, strike := range slices.Backward(st.strike) {
		errs = append(errs, strike())
	}
	return errors.Join(errs...)
}
