package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/examples/imagepipeline/pipeline"
)

// demo runs the pipeline on a source from end to end. Its error says what is
// missing in the end.
func demo(ctx context.Context, o options, s *screen) (err error) {
	src, err := find(ctx, o, s)
	if err != nil {
		return err
	}
	st, err := setUp(ctx, &o, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.close()) }()

	r := &reporter{
		cl: st.cl, board: newBoard(st.topics), goal: goalOf(src), left: newLeftOut(st.topics), screen: s, prompt: len(src.images) - len(src.late), fresh: st.fresh,
		began: time.Now(), stalled: max(o.stalled, 3*o.idle),
	}
	err = perform(ctx, o, st, src, r)
	s.Done()
	r.summary()
	err = errors.Join(err, r.draw(o.out))
	if err == nil {
		if _, left := r.left.counts(); len(r.goal.unmet(r.board, left)) > 0 {
			err = errors.New("not complete: " + strings.Join(r.goal.unmet(r.board, left), "; "))
		}
	}
	return err
}

// perform has uploader, application, worker and reporter do their parts until
// the reporter has seen everything, or one of them fails.
func perform(ctx context.Context, o options, st *stage, src source, r *reporter) (err error) {
	topo, err := pipeline.Build(st.topics, pipeline.Options{Idle: o.idle})
	if err != nil {
		return err
	}
	hand, err := hire(o, st.bootstrap, r.screen)
	if err != nil {
		return err
	}
	// The application goes first: it may be waiting for the worker's answers.
	defer func() {
		if stopErr := hand.stop(); err == nil {
			err = stopErr
		}
	}()

	ctx, stop := context.WithCancelCause(ctx)
	app := make(chan error, 1)
	go func() {
		err := millrace.Run(ctx, topo, millrace.Config{
			Bootstrap: st.bootstrap, StateDir: st.stateDir, Logger: logger(r.screen, slog.LevelWarn),
			OnDecodeError: r.left.policy, OnProcessError: r.left.policy,
		})
		if err != nil {
			stop(err)
		}
		app <- err
	}()
	up := &uploader{cl: st.cl, topics: st.topics, src: src, reported: r.watch(src.late)}
	uploaded := make(chan struct{})
	r.uploaded = uploaded
	go func() {
		defer close(uploaded)
		if err := up.run(ctx); err != nil {
			stop(err)
		}
	}()
	go func() {
		select {
		case <-hand.ended:
			stop(fmt.Errorf("the worker's process ended: %w", cmp.Or(hand.err, io.EOF)))
		case <-ctx.Done():
		}
	}()
	err = r.run(ctx)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	stop(nil)
	<-uploaded
	if appErr := <-app; err == nil {
		err = appErr
	}
	if errors.Is(err, context.Canceled) {
		err = errors.New("stopped before the end")
	}
	return err
}
