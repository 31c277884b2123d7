package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// bench is what the cases share.
type bench struct {
	flags
	admin    *kadm.Client
	probes   *probes
	children []*child
	fail     context.CancelCauseFunc // ends the case that runs
}

func newBench(f flags) (*bench, error) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(f.bootstrap))
	if err != nil {
		return nil, fmt.Errorf("recover: %w", err)
	}
	b := &bench{flags: f, admin: kadm.NewClient(cl)}
	if b.probes, err = newProbes(f); err != nil {
		b.admin.Close()
		return nil, err
	}
	return b, nil
}

func (b *bench) close() {
	b.killAll()
	b.probes.close()
	b.admin.Close()
}

// killAll ends the instances that a case has left.
func (b *bench) killAll() {
	for _, c := range b.children {
		c.kill()
		_ = c.stdin.Close()
	}
	b.children = nil
}

// stateOf is the directory of an instance.
func (b *bench) stateOf(instance string) string { return filepath.Join(b.dir, b.app, instance) }

// forget empties an instance's disk.
func (b *bench) forget(instance string) error { return os.RemoveAll(b.stateOf(instance)) }

func (b *bench) makeTopics(ctx context.Context) error {
	for _, topic := range []string{b.input(), b.output()} {
		_, err := b.admin.CreateTopic(ctx, int32(b.partitions), 1, nil, topic)
		if errors.Is(err, kerr.TopicAlreadyExists) {
			return fmt.Errorf("topic %s is there from an earlier run: name another with -app, or leave build out of -cases", topic)
		}
		if err != nil {
			return fmt.Errorf("create topic %s: %w", topic, err)
		}
	}
	return nil
}

// clean deletes the topics and the stores.
func (b *bench) clean(ctx context.Context) error {
	b.killAll()
	return errors.Join(b.deleteTopics(ctx), os.RemoveAll(filepath.Join(b.dir, b.app)))
}

func (b *bench) deleteTopics(ctx context.Context) error {
	all, err := b.admin.ListTopics(ctx)
	if err != nil {
		return err
	}
	var ours []string
	for _, name := range all.Names() {
		if strings.HasPrefix(name, b.app+".") || strings.HasPrefix(name, b.app+"-") {
			ours = append(ours, name)
		}
	}
	if len(ours) == 0 {
		return nil
	}
	deleted, err := b.admin.DeleteTopics(ctx, ours...)
	return errors.Join(err, deleted.Error())
}

// sayf prints something measured.
func sayf(what, format string, args ...any) {
	fmt.Printf("%-42s %s\n", what, fmt.Sprintf(format, args...))
}
