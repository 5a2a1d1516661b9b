// SPDX-License-Identifier: GPL-2.0-or-later
//
// values.rs - a function for every kind of value that Rust has; otherwise as values.c.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

#[derive(Clone, Copy)]
pub struct Point {
    pub x: i32,
    pub y: i32,
}

pub struct Person {
    pub name: String,
    pub age: u8,
    pub at: Point,
    pub tags: Vec<String>,
}

#[derive(Clone, Copy)]
#[allow(dead_code)]
pub enum Color {
    Red,
    Green = 5,
    Blue,
}

#[allow(dead_code)]
pub enum Shape {
    Nothing,
    Circle(u32),
    Rect { width: u16, height: u16 },
    Named(String),
}

pub struct Tree {
    pub value: i64,
    pub left: Option<Box<Tree>>,
}

pub static COUNTER: u32 = 41;

// The values are needed here, so they have been passed.
macro_rules! used {
    ($($value:expr),*) => {
        $( unsafe { std::arch::asm!("/* {0} */", in(reg) &$value as *const _ as *const u8) }; )*
    };
}

#[inline(never)]
#[no_mangle]
pub fn integers(i8_: i8, u8_: u8, i16_: i16, u16_: u16, i32_: i32, u32_: u32) {
    used!(i8_, u8_, i16_, u16_, i32_, u32_);
}

#[inline(never)]
#[no_mangle]
pub fn longs(i64_: i64, u64_: u64, size: usize, index: isize) {
    used!(i64_, u64_, size, index);
}

#[inline(never)]
#[no_mangle]
pub fn simple(letter: char, yes: bool, color: Color) {
    used!(letter, yes, color);
}

#[inline(never)]
#[no_mangle]
pub fn texts(text: &str, owned: &String, empty: &str) {
    used!(text, owned, empty);
}

#[inline(never)]
#[no_mangle]
pub fn by_value(owned: String, list: Vec<i32>) {
    used!(owned, list);
}

#[inline(never)]
#[no_mangle]
pub fn sequences(list: &Vec<i32>, slice: &[u16], points: &[Point], array: &[i32; 3]) {
    used!(list, slice, points, array);
}

#[inline(never)]
#[no_mangle]
pub fn structs(point: &Point, person: &Person, pair: &(i32, u8)) {
    used!(point, person, pair);
}

#[inline(never)]
#[no_mangle]
pub fn options(some: &Option<u32>, none: &Option<u32>, text: &Option<&str>, tree: &Option<Box<Tree>>) {
    used!(some, none, text, tree);
}

#[inline(never)]
#[no_mangle]
pub fn shapes(nothing: &Shape, circle: &Shape, rect: &Shape, named: &Shape) {
    used!(nothing, circle, rect, named);
}

#[inline(never)]
#[no_mangle]
pub fn pointers(boxed: &Box<Point>, counted: &Rc<Point>, shared: &Arc<Point>, raw: *const i32) {
    used!(boxed, counted, shared, raw);
}

#[inline(never)]
#[no_mangle]
pub fn statics(x: i32) {
    used!(x, COUNTER);
}

fn describe() {
    println!("integers\ti8_=-8\tu8_=200\ti16_=-1600\tu16_=60000\ti32_=-320000\tu32_=4000000000");
    println!("longs\ti64_=-9000000000\tu64_=18446744073709551615\tsize=77\tindex=-77");
    println!("simple\tletter=8364\tyes=true\tcolor=Blue");
    println!("texts\ttext=good morning\towned=ünlike\tempty=");
    println!("by_value\towned=ünlike\tlist={{1, -2, 3}}");
    println!(
        "sequences\tlist={{1, -2, 3}}\tlist[1]=-2\tslice={{1, 65535}}\tpoints[1].y=4\tarray={{7, 8, 9}}"
    );
    println!(
        "structs\tpoint.x=1\tpoint.y=-2\tperson.name=Ada\tperson.age=36\tperson.at.y=4\t\
         person.tags[1]=two\tpair=(-5, 6)"
    );
    println!("options\tsome=Some(7)\tnone=None\ttext=Some(\"morning\")");
    println!(
        "shapes\tnothing=Nothing\tcircle=Circle(12)\trect=Rect {{width = 3, height = 4}}\t\
         named=Named(\"it\")"
    );
    println!("pointers\tboxed.y=-2\tcounted.x=1\tshared.y=-2\traw[0]=-320000");
    println!("statics\tx=7\tCOUNTER=41");
}

fn call_all(number: &i32) {
    let owned = String::from("ünlike");
    let list = vec![1, -2, 3];
    let point = Point { x: 1, y: -2 };
    let person = Person {
        name: String::from("Ada"),
        age: 36,
        at: Point { x: 3, y: 4 },
        tags: vec![String::from("one"), String::from("two")],
    };
    let leaf = Some(Box::new(Tree { value: 2, left: None }));
    let tree = Some(Box::new(Tree { value: 1, left: leaf }));
    let words: HashMap<i32, i32> = HashMap::new();

    integers(-8, 200, -1600, 60000, *number, 4000000000);
    longs(-9000000000, u64::MAX, 77, -77);
    simple('€', true, Color::Blue);
    texts("good morning", &owned, "");
    by_value(owned.clone(), list.clone());
    sequences(&list, &[1, 65535], &[point, Point { x: 3, y: 4 }], &[7, 8, 9]);
    structs(&point, &person, &(-5, 6));
    options(&Some(7), &None, &Some("morning"), &tree);
    shapes(
        &Shape::Nothing,
        &Shape::Circle(12),
        &Shape::Rect { width: 3, height: 4 },
        &Shape::Named(String::from("it")),
    );
    pointers(&Box::new(point), &Rc::new(point), &Arc::new(point), number);
    statics(7);
    used!(words);
    if let Some(tree) = &tree {
        used!(tree.value, tree.left);
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>().unwrap_or(0));
    let rounds = arguments.next().unwrap_or(0);
    let pause = arguments.next().unwrap_or(0);
    let number = -320000;
    let mut round = 0;

    describe();
    while rounds == 0 || round < rounds {
        call_all(&number);
        round += 1;
        if pause > 0 {
            std::thread::sleep(std::time::Duration::from_micros(pause));
        }
    }
}
