// What a thumbnail needs beside a decoder and an encoder.
#pragma once

#include <cstddef>

#include "quire/adapters/image.h"

/// The image with its longer side `side` pixels long: each pixel is the mean of those that it stands for.
/// An image that is not longer stays as it is.
quire::Image resized(const quire::Image& image, std::size_t side);

/// Writes the library's name into the lower right corner, half transparent.
void watermark(quire::Image& image);
