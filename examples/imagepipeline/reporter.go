package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-go/millrace/examples/imagepipeline/pipeline"
)

// reporter follows what comes out of the pipeline and tells of it.
type reporter struct {
	cl      *kgo.Client
	board   *board
	goal    *goal
	left    *leftOut
	screen  *screen
	stalled time.Duration

	began, ended time.Time
	fresh        bool          // nothing was there before
	prompt       int           // how many images do not come late
	took         time.Duration // until so many were measured

	late     map[pipeline.SiteID]bool // that have not been reported
	reported chan pipeline.SiteID
	uploaded <-chan struct{} // closed when all events are published
}

// watch gives the sites of these images as they are reported incomplete.
func (r *reporter) watch(late []pipeline.Image) <-chan pipeline.SiteID {
	r.late, r.reported = map[pipeline.SiteID]bool{}, make(chan pipeline.SiteID, len(late))
	for _, i := range late {
		r.late[i.SiteID()] = true
	}
	return r.reported
}

// run returns when the goal is reached as far as it can be.
func (r *reporter) run(ctx context.Context) error {
	defer func() { r.ended = time.Now() }()
	moved, before := time.Now(), [7]int{}
	for {
		if err := r.poll(ctx); err != nil {
			return err
		}
		r.screen.Status(r.status())
		_, left := r.left.counts()
		if r.published() && r.goal.reached(r.board, left) {
			return nil
		}
		now := r.counts(len(left))
		if now != before {
			moved, before = time.Now(), now
		}
		if still := time.Since(moved); still > r.stalled {
			return fmt.Errorf("nothing has moved for %v: %s", still.Round(time.Second), strings.Join(r.goal.unmet(r.board, left), "; "))
		}
	}
}

func (r *reporter) published() bool {
	select {
	case <-r.uploaded:
		return true
	default:
		return false
	}
}

func (r *reporter) counts(left int) [7]int {
	b := r.board
	return [7]int{len(b.images), len(b.sites), len(b.features), len(b.wells), len(b.plates), len(b.incomplete), left}
}

// poll takes in what has come in the last moment.
func (r *reporter) poll(ctx context.Context) error {
	moment, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	fetches := r.cl.PollFetches(moment)
	if err := ctx.Err(); err != nil {
		return err
	}
	var errs []error
	fetches.EachRecord(func(rec *kgo.Record) { errs = append(errs, r.board.take(rec)) })
	if r.took == 0 && len(r.board.images) >= r.prompt {
		r.took = time.Since(r.began)
	}
	for id := range r.late {
		if report, there := r.board.incomplete[id]; there && !report.Unknown {
			r.reported <- id
			delete(r.late, id)
			r.screen.Printf("incomplete %s: %s", id, report.Reason())
		}
	}
	return errors.Join(errs...)
}

func (r *reporter) status() string {
	b, g := r.board, r.goal
	events, _ := r.left.counts()
	parts := []string{
		fmt.Sprintf("images %d/%d", len(b.images), len(g.images)),
		fmt.Sprintf("sites %d/%d", len(b.features), len(g.sites)),
		fmt.Sprintf("wells %d/%d", len(b.wells), len(g.wells)),
		fmt.Sprintf("plates %d/%d", len(b.plates), len(g.plates)),
	}
	if n := len(b.incomplete); n > 0 {
		parts = append(parts, fmt.Sprintf("incomplete %d", n))
	}
	if events > 0 {
		parts = append(parts, fmt.Sprintf("left out %d", events))
	}
	return fmt.Sprintf("%5.1fs %s", time.Since(r.began).Seconds(), strings.Join(parts, " "))
}

// summary is what is said in the end.
func (r *reporter) summary() {
	b, g, say := r.board, r.goal, r.screen.Printf
	events, _ := r.left.counts()
	say("images     %d measured, %d came again and were not used, %d left out", len(b.images), b.duplicates(), events)
	sites := fmt.Sprintf("%d complete of %d", g.complete(b), len(g.sites))
	healed := 0
	for id := range b.reported {
		if _, still := b.incomplete[id]; !still {
			healed++
		}
	}
	if healed > 0 {
		sites += fmt.Sprintf("; %d had been reported incomplete", healed)
	}
	say("sites      %s", sites)
	for n, id := range slices.Sorted(maps.Keys(b.incomplete)) {
		if n == 10 {
			say("           and %d more", len(b.incomplete)-n)
			break
		}
		say("           incomplete: %s: %s", id, b.incomplete[id].Reason())
	}
	say("wells      %d complete of %d", len(b.wells), len(g.wells))
	say("plates     %d complete of %d", len(b.plates), len(g.plates))
	say("time       %.1f s", r.ended.Sub(r.began).Seconds())
	if r.fresh && r.took > 0 {
		say("           %.1f s until %d images were measured: %.0f images/s", r.took.Seconds(), r.prompt, float64(r.prompt)/r.took.Seconds())
	}
}
