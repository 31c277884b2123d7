package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/millrace-go/millrace/examples/imagepipeline/synthetic"
)

// options are what the command line says, and for tests a little more.
type options struct {
	images, experiment, plate string
	bootstrap, prefix         string
	out                       string
	idle                      time.Duration

	// synthetic is what is made without images.
	synthetic synthetic.Options
	// stalled is how long nothing may move until the demo gives up.
	stalled time.Duration
}

func parse(args []string) (options, error) {
	o := options{stalled: time.Minute}
	f := flag.NewFlagSet("imagepipeline", flag.ContinueOnError)
	f.StringVar(&o.images, "images", "", "`folder` of plates, with file names as ImageXpress or Opera Phenix write them (default: two plates are made)")
	f.StringVar(&o.experiment, "experiment", "", "`name` of the images' experiment (default: the folder above the plate's)")
	f.StringVar(&o.plate, "plate", "", "`name` of the images' plate (default: the images' folder)")
	f.StringVar(&o.bootstrap, "bootstrap", os.Getenv("MILLRACE_BOOTSTRAP"), "Kafka's `host:port` (default: $MILLRACE_BOOTSTRAP, or a broker in this process)")
	f.StringVar(&o.prefix, "prefix", "", "`text` before the names of all topics")
	f.StringVar(&o.out, "out", "out/imagepipeline", "`folder` for the heat maps, and for the images that are made")
	f.DurationVar(&o.idle, "idle", 5*time.Second, "after how long without an image a plate's incomplete sites are reported")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("%q is not a flag: give the images' folder with -images", f.Arg(0))
	case o.idle <= 0:
		return o, fmt.Errorf("-idle %v: give a positive time", o.idle)
	case o.images == "" && (o.experiment != "" || o.plate != ""):
		return o, errors.New("-experiment and -plate name the plates of -images: give the folder, too")
	}
	return o, nil
}
