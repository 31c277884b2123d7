package serde_test

import (
	"bytes"
	"fmt"

	"github.com/millrace-go/millrace/serde"
)

func ExampleFor() {
	type Image struct {
		Well    string `msgpack:"well"`
		Channel int    `msgpack:"channel"`
	}
	s, err := serde.For[Image]()
	if err != nil {
		fmt.Println(err)
		return
	}
	b, _ := s.Append(nil, Image{"A01", 3})
	v, _ := s.Decode(b)
	fmt.Printf("%q\n%+v\n", b, v)

	_, err = serde.For[struct{ hidden int }]()
	fmt.Println(err)
	// Output:
	// "\x82\xa4well\xa3A01\xa7channel\x03"
	// {Well:A01 Channel:3}
	// serde: struct { hidden int }: no field is exported, so everything in it would be lost: export what is to be written, or give the type AppendBinary and UnmarshalBinary
}

func ExampleForKey() {
	type Site struct {
		Plate string
		Site  int
	}
	s, err := serde.ForKey[Site]()
	if err != nil {
		fmt.Println(err)
		return
	}
	a, _ := s.Append(nil, Site{"P1", -1})
	b, _ := s.Append(nil, Site{"P1", 2})
	c, _ := s.Append(nil, Site{"P10", 1})
	fmt.Println(bytes.Compare(a, b), bytes.Compare(b, c))
	fmt.Printf("%q\n", b)
	// Output:
	// -1 -1
	// "P1\x00\x01\x80\x00\x00\x00\x00\x00\x00\x02"
}

func ExampleInt64() {
	b, _ := serde.Int64().Append(nil, 258)
	fmt.Printf("%v\n", b)
	// Output: [0 0 0 0 0 0 1 2]
}

func ExampleMsgPack() {
	// Go iterates over a map in random order; the serde does not.
	b, _ := serde.MsgPack[map[int]string]().Append(nil, map[int]string{3: "RNA", 1: "DNA", 2: "ER"})
	fmt.Printf("%q\n", b)
	// Output: "\x83\x01\xa3DNA\x02\xa2ER\x03\xa3RNA"
}

func ExampleJSON() {
	b, _ := serde.JSON[map[string]any]().Append(nil, map[string]any{"well": "A01", "site": 3})
	fmt.Printf("%s\n", b)
	// Output: {"site":3,"well":"A01"}
}

func ExampleEqual() {
	stock, _ := serde.For[string]()
	fmt.Println(serde.Equal(stock, serde.String()), serde.Equal(stock, serde.JSON[string]()))
	// Output: true false
}
