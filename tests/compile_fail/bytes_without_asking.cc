// Making Bytes from a literal copies: it must be asked for.
// EXPECT: conversion|no viable
#include "quire/quire.h"

quire::Bytes fail() {
  const quire::Bytes bytes = "abc";
  return bytes;
}
