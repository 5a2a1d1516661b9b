// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// bank is a database that has a row for every query; those that say so are slow or fail.
type bank struct{}
type connection struct{}
type statement struct{ query string }
type rows struct{ isDone bool }

func (bank) Open(string) (driver.Conn, error) { return connection{}, nil }

func answer(query string) error {
	if strings.Contains(query, "slow") {
		time.Sleep(nap)
	}
	if strings.Contains(query, "wrong") {
		return errors.New("no such table")
	}
	return nil
}

func (connection) Prepare(query string) (driver.Stmt, error) { return statement{query}, nil }
func (connection) Close() error                              { return nil }
func (connection) Begin() (driver.Tx, error)                 { return connection{}, nil }
func (connection) Commit() error                             { return nil }
func (connection) Rollback() error                           { return nil }
func (connection) QueryContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Rows, error) {
	return &rows{}, answer(query)
}

func (s statement) Close() error  { return nil }
func (s statement) NumInput() int { return -1 }
func (s statement) Exec([]driver.Value) (driver.Result, error) {
	return driver.ResultNoRows, answer(s.query)
}
func (s statement) Query([]driver.Value) (driver.Rows, error) { return &rows{}, answer(s.query) }

func (r *rows) Columns() []string { return []string{"n"} }
func (r *rows) Close() error      { return nil }
func (r *rows) Next(to []driver.Value) error {
	if r.isDone {
		return io.EOF
	}
	r.isDone = true
	to[0] = int64(1)
	return nil
}

// queries asks in each of the ways that database/sql has.
func queries() {
	sql.Register("bank", bank{})
	db, err := sql.Open("bank", "")
	check(err)
	var n int
	for i := 0; i < 3; i++ {
		check(db.QueryRow("select n from accounts where id = ?", i).Scan(&n))
	}
	_, err = db.Exec("update accounts set n = 1")
	check(err)
	_, err = db.Exec("update slow set n = 1")
	check(err)
	_, err = db.Query("select wrong")
	fmt.Println("query", err)
	_, err = db.Exec("update wrong")
	fmt.Println("exec", err)
	prepared, err := db.Prepare("select prepared")
	check(err)
	for i := 0; i < 2; i++ {
		check(prepared.QueryRow(i).Scan(&n))
	}
	changing, err := db.Prepare("update prepared")
	check(err)
	_, err = changing.Exec(1)
	check(err)
	tx, err := db.Begin()
	check(err)
	_, err = tx.Exec("update in a transaction")
	check(err)
	check(tx.Commit())
}
