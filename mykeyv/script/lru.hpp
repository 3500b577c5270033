// SPDX-License-Identifier: Apache-2.0
// A map bounded by the weight of what it holds; over it, what was used longest ago goes first.
#pragma once

#include <cstddef>
#include <list>
#include <unordered_map>
#include <utility>

namespace mykeyv::script {

/// Keeps entries until their weights sum up to more than `weight_max`. Not thread safe.
template <class Key, class Value>
class lru {
public:
    explicit lru(std::size_t weight_max) : weight_max_{weight_max} {}

    /// The value, now the most recently used; nullptr if it is not (or no more) here. Valid until the next call of insert.
    Value* find(Key const& key)
    {
        auto const found = places_.find(key);
        if (found == places_.end()) { return nullptr; }
        entries_.splice(entries_.begin(), entries_, found->second);
        return &found->second->value;
    }

    /// Adds an absent key as the most recently used, then hands the values that no longer fit to `dropped`, oldest first.
    /// The new entry stays, whatever it weighs.
    template <class Dropped>
    void insert(Key const& key, Value value, std::size_t weight, Dropped dropped)
    {
        entries_.push_front({key, std::move(value), weight});
        places_.emplace(key, entries_.begin());
        weight_ += weight;
        while (weight_ > weight_max_ && entries_.size() > 1) {
            auto& oldest = entries_.back();
            dropped(oldest.value);
            weight_ -= oldest.weight;
            places_.erase(oldest.key);
            entries_.pop_back();
        }
    }

    std::size_t count() const noexcept { return entries_.size(); }
    std::size_t weight() const noexcept { return weight_; }

private:
    struct entry {
        Key key;
        Value value;
        std::size_t weight;
    };
    std::size_t weight_max_;
    std::size_t weight_ = 0;
    std::list<entry> entries_;  // most recently used first
    std::unordered_map<Key, typename std::list<entry>::iterator> places_;
};

}  // namespace mykeyv::script
